using System.Text.Json;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>
/// The folder in which fetched models are kept: <c>MODEL/source</c> has the files as published, with their SHA-256 in <c>SHA256SUMS</c>,
/// <c>MODEL/model</c> the folder that was made of them, and <c>MODEL/record.json</c> their source and licence.
/// </summary>
public static class ModelStore
{
    const string RecordName = "record.json";
    const int MostRecordBytes = 64 << 10;

    /// <summary>Folder that keeps a model's files as published.</summary>
    public static string SourceIn(string store, CatalogueEntry model) => Path.Combine(store, model.Name, "source");

    /// <summary>Folder made of those files, ready for use.</summary>
    public static string ReadyIn(string store, CatalogueEntry model) => Path.Combine(store, model.Name, "model");

    /// <summary>True if all files of a model are there; <see cref="ChecksumList.Verify"/> tells if they are intact.</summary>
    public static bool HasSourceIn(string store, CatalogueEntry model) =>
        model.Files.All(file => File.Exists(At(SourceIn(store, model), file)));

    /// <summary>Writes down what a model's folder in the store came from, and under which licence.</summary>
    /// <exception cref="FileWriteException">The disk refused.</exception>
    public static void Record(string store, InstalledModel model)
    {
        string folder = Path.Combine(store, model.Name);
        DurableFile.CreateFolder(folder);
        DurableFile.DeleteLeftoversOf(Path.Combine(folder, RecordName));
        DurableFile.WriteAllBytes(Path.Combine(folder, RecordName),
            JsonSerializer.SerializeToUtf8Bytes(model, CatalogueJson.Default.InstalledModel));
    }

    /// <summary>The record of a model; null: it was never fetched.</summary>
    /// <exception cref="CorruptFileException">The record is damaged.</exception>
    public static InstalledModel? RecordOf(string store, string name)
    {
        string path = Path.Combine(store, name, RecordName);
        if (!File.Exists(path)) return null;
        try
        {
            using var file = RegularFile.OpenRead(path);
            if (file.Length > MostRecordBytes)
                throw new CorruptFileException(path, "is too long for a model's record; delete it and fetch the model again");
            return JsonSerializer.Deserialize(file, CatalogueJson.Default.InstalledModel) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new CorruptFileException(path, $"is no record of a model ({e.Message}); delete it and fetch the model again");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, e.Message, e);
        }
    }

    /// <summary>The retrieval models that were fetched and whose folders are there, sorted by name.</summary>
    /// <exception cref="CorruptFileException">A record is damaged.</exception>
    public static IReadOnlyList<InstalledModel> Installed(string store) => !Directory.Exists(store) ? [] :
    [
        .. Directory.EnumerateDirectories(store).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)
            .Select(name => RecordOf(store, name)).OfType<InstalledModel>()
            .Where(model => model.Fingerprint is not null && Directory.Exists(model.Folder)),
    ];

    /// <summary>Brings all files of a model into <paramref name="target"/>; files that are there and right are left alone.</summary>
    /// <param name="target">Folder for the files, usually <see cref="SourceIn"/>; created where it is absent.</param>
    /// <exception cref="OptionException">The model needs a consent that <see cref="FetchRequest"/> does not give.</exception>
    /// <exception cref="DownloadException">A file could not be fetched.</exception>
    /// <exception cref="CorruptFileException">A file that came, or one of <see cref="FetchRequest.From"/>, is another than the
    /// catalogue's.</exception>
    /// <exception cref="FileReadException"><see cref="FetchRequest.From"/> lacks a file.</exception>
    /// <exception cref="FileWriteException">The disk refused, or another process is fetching into the same folder.</exception>
    public static async Task<IReadOnlyList<FetchedFile>> FetchAsync(Downloader downloader, CatalogueEntry model, string target,
        FetchRequest request, CancellationToken cancellation)
    {
        RequireConsent(model, request);
        // What cannot be had is told before the rest is fetched.
        foreach (var file in model.Files)
            if (!File.Exists(At(target, file)) && FromCopy(model, file, request.From) is null) Address(model, file, request);
        DurableFile.CreateFolder(target);
        using var held = FolderLock.Acquire(Path.Combine(target, ".lock"), "model folder");
        DurableFile.DeleteLeftovers(target);
        var recorded = ChecksumList.Read(target);
        var fetched = new List<FetchedFile>();
        foreach (var file in model.Files)
        {
            string path = At(target, file);
            DurableFile.CreateFolder(Path.GetDirectoryName(path)!);
            DurableFile.DeleteLeftovers(Path.GetDirectoryName(path)!);
            fetched.Add(Present(file, path, recorded, cancellation) ?? new FetchedFile(file, path,
                FromCopy(model, file, request.From) is { } copy ? Copy(file, copy, path, cancellation)
                : await downloader.FetchAsync(file, Address(model, file, request), path, bytes => request.Report?.Invoke(file, bytes),
                    cancellation).ConfigureAwait(false), WasThere: false));
        }
        ChecksumList.Write(target, fetched.Select(file => (file.File.Name, file.Digest.Sha256)));
        return fetched;
    }

    /// <summary>Refuses a model that is never fetched, or whose fetch needs a consent that was not given.</summary>
    /// <exception cref="OptionException">The model is refused, or a consent is absent; the message says for what it is and how it is
    /// given.</exception>
    public static void RequireConsent(CatalogueEntry model, FetchRequest request)
    {
        if (model.Refused is { } why) throw new OptionException($"{model.Name} is not fetched: {why}");
        if (model.NeedsConsent && !request.AcceptLicence)
            throw new OptionException($"{model.Name} has the licence \"{model.Licence}\" ({model.Source}); --accept-licence says that you "
                + "have read it and keep to it");
        if (model.Unverified && !request.AcceptUnverified)
            throw new OptionException($"{model.Name} cannot be verified: no SHA-256 is published for "
                + $"{string.Join(", ", model.Files.Where(file => file.Sha256 is null).Select(file => file.Name))}, so a wrong file would "
                + "not be noticed; --accept-unverified takes it, and records the checksum of what came");
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
            if (!known) return null;
            // A download that ended with its last renaming leaves the description of its part.
            new PartFile(path).Delete();
            return new FetchedFile(file, path, digest, WasThere: true);
        }
        catch (CorruptFileException)
        {
            return null;
        }
    }

    /// <summary>Path of a copy that the user gives; null: this file is to be downloaded.</summary>
    static string? FromCopy(CatalogueEntry model, CatalogueFile file, string? from)
    {
        if (from is null) return null;
        if (Directory.Exists(from)) return At(from, file);
        // One file stands for the one it is named after, else for the checkpoint.
        var meant = model.Files.FirstOrDefault(other => Path.GetFileName(other.Name) == Path.GetFileName(from)) ?? model.Files[0];
        return file == meant ? from : null;
    }

    static FileDigest Copy(CatalogueFile file, string source, string target, CancellationToken cancellation)
    {
        var digest = FileDigest.Of(source, cancellation);
        file.Check(source, digest);
        using var stream = RegularFile.OpenRead(source);
        DurableFile.WriteAtomic(target, stream.CopyTo);
        return digest;
    }

    static Uri Address(CatalogueEntry model, CatalogueFile file, FetchRequest request) => request.Mirrors.AddressOf(model, file)
        ?? throw new OptionException($"{model.Name}: {file.Name} has no address to fetch it from; get it as {model.Source} says, and give "
            + "it with --from FILE");

    static string At(string folder, CatalogueFile file) => Path.Combine(folder, file.Name.Replace('/', Path.DirectorySeparatorChar));
}
