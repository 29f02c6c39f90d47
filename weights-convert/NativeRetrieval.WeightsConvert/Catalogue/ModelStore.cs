using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>
/// The folder in which fetched models are kept: <c>MODEL/source</c> has the files as published, with their SHA-256 in <c>SHA256SUMS</c>,
/// and <c>MODEL/model</c> the folder that was made of them.
/// </summary>
public static class ModelStore
{
    /// <summary>Folder that keeps a model's files as published.</summary>
    public static string SourceIn(string store, CatalogueEntry model) => Path.Combine(store, model.Name, "source");

    /// <summary>Folder made of those files, ready for use.</summary>
    public static string ReadyIn(string store, CatalogueEntry model) => Path.Combine(store, model.Name, "model");

    /// <summary>True if all files of a model are there; <see cref="ChecksumList.Verify"/> tells if they are intact.</summary>
    public static bool HasSourceIn(string store, CatalogueEntry model) =>
        model.Files.All(file => File.Exists(At(SourceIn(store, model), file)));

    /// <summary>Brings all files of a model into <paramref name="target"/>; files that are there and right are left alone.</summary>
    /// <param name="target">Folder for the files, usually <see cref="SourceIn"/>; created where it is absent.</param>
    /// <exception cref="DownloadException">A file could not be fetched.</exception>
    /// <exception cref="CorruptFileException">A file that came, or one of <see cref="FetchRequest.From"/>, is another than the
    /// catalogue's.</exception>
    /// <exception cref="FileReadException"><see cref="FetchRequest.From"/> lacks a file.</exception>
    /// <exception cref="FileWriteException">The disk refused, or another process is fetching into the same folder.</exception>
    public static async Task<IReadOnlyList<FetchedFile>> FetchAsync(Downloader downloader, CatalogueEntry model, string target,
        FetchRequest request, CancellationToken cancellation)
    {
        DurableFile.CreateFolder(target);
        using var held = FolderLock.Acquire(Path.Combine(target, ".lock"), "model folder");
        var recorded = ChecksumList.Read(target);
        var fetched = new List<FetchedFile>();
        foreach (var file in model.Files)
        {
            string path = At(target, file);
            DurableFile.CreateFolder(Path.GetDirectoryName(path)!);
            fetched.Add(Present(file, path, recorded, cancellation) ?? new FetchedFile(file, path, request.From is { } from
                ? Copy(model, file, from, path, cancellation)
                : await downloader.FetchAsync(file, Address(model, file, request.Mirror), path,
                    bytes => request.Report?.Invoke(file, bytes), cancellation).ConfigureAwait(false), WasThere: false));
        }
        ChecksumList.Write(target, fetched.Select(file => (file.File.Name, file.Digest.Sha256)));
        return fetched;
    }

    static FetchedFile? Present(CatalogueFile file, string path, IReadOnlyDictionary<string, string> recorded,
        CancellationToken cancellation)
    {
        if (!File.Exists(path)) return null;
        var digest = FileDigest.Of(path, cancellation);
        try
        {
            file.Check(path, digest);
            bool known = file.HasChecksum || (recorded.TryGetValue(file.Name, out string? sum) && sum == digest.Sha256);
            return known ? new FetchedFile(file, path, digest, WasThere: true) : null;
        }
        catch (CorruptFileException)
        {
            return null;
        }
    }

    static FileDigest Copy(CatalogueEntry model, CatalogueFile file, string from, string target, CancellationToken cancellation)
    {
        string source = Directory.Exists(from) ? At(from, file) : from;
        if (!Directory.Exists(from) && model.Files.Count > 1)
            throw new FileReadException(from, $"{model.Name} has {model.Files.Count} files "
                + $"({string.Join(", ", model.Files.Select(f => f.Name))}); give the folder that holds them");
        var digest = FileDigest.Of(source, cancellation);
        file.Check(source, digest);
        using var stream = RegularFile.OpenRead(source);
        DurableFile.WriteAtomic(target, stream.CopyTo);
        return digest;
    }

    static Uri Address(CatalogueEntry model, CatalogueFile file, Uri? mirror) => mirror is null
        ? new Uri(file.Url)
        : new Uri($"{mirror.AbsoluteUri.TrimEnd('/')}/{model.Name}/{string.Join('/', file.Name.Split('/').Select(Uri.EscapeDataString))}");

    static string At(string folder, CatalogueFile file) => Path.Combine(folder, file.Name.Replace('/', Path.DirectorySeparatorChar));
}
