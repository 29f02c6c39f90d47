using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage;
using NativeRetrieval.Indexing.Storage.Searching;

namespace NativeRetrieval.Indexing;

public sealed partial class LocalAudioIndex
{
    /// <inheritdoc/>
    public Task UpsertAsync(AudioIndexEntry entry, CancellationToken cancellationToken = default) =>
        UpsertAsync([entry], cancellationToken);

    /// <inheritdoc/>
    public Task UpsertAsync(IReadOnlyList<AudioIndexEntry> entries, CancellationToken cancellationToken = default) =>
        WriteAsync(writer =>
        {
            writer.Upsert([.. entries.Select(entry => PreparedFile.Of(entry, _format))]);
            return true;
        }, cancellationToken);

    /// <inheritdoc/>
    public Task<int> DeleteAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken = default) =>
        WriteAsync(writer => writer.Delete([.. paths.Select(System.IO.Path.GetFullPath)]), cancellationToken);

    /// <summary>Records that a file has moved or was touched, without embedding it again.</summary>
    /// <param name="path">The path that the index knows.</param>
    /// <param name="file">The file as it is now; the content hash is the one the index knows. A file indexed under the new path is
    /// replaced.</param>
    /// <param name="details">Its details as they are now; null: those it has.</param>
    public Task RedescribeAsync(string path, IndexedFile file, SoundDetails? details = null,
        CancellationToken cancellationToken = default) =>
        WriteAsync(writer =>
        {
            writer.Redescribe(System.IO.Path.GetFullPath(path), file, details?.Validated(path));
            return true;
        }, cancellationToken);

    /// <summary>Gives files other details, as one step, and leaves all else as it is.</summary>
    /// <returns>Number of the paths that are in the index.</returns>
    public Task<int> DescribeAsync(IReadOnlyList<(string Path, SoundDetails Details)> files,
        CancellationToken cancellationToken = default) =>
        WriteAsync(writer => writer.Describe(
            [.. files.Select(file => (System.IO.Path.GetFullPath(file.Path), file.Details.Validated(file.Path)))]), cancellationToken);

    /// <summary>The details of all files by absolute path; those that an older version indexed have none yet, and are null.</summary>
    public IReadOnlyDictionary<string, SoundDetails?> Details() => Read(session =>
    {
        var known = new DetailsTable(session.Catalogue).ReadAll();
        return session.CheckedFiles().ToDictionary(file => file.File.FullPath, file => known.GetValueOrDefault(file.FirstRow));
    });

    /// <inheritdoc/>
    public Task<AudioIndexEntry?> GetAsync(string path, CancellationToken cancellationToken = default) =>
        ReadAsync<AudioIndexEntry?>(session =>
    {
        string full = System.IO.Path.GetFullPath(path);
        if (session.Catalogue.FindByPath(full) is not { } file)
        {
            // Looked up through an SQLite index, which has no checksum; before saying no, look at the records themselves.
            return session.CheckedFiles().Any(known => known.File.FullPath == full)
                ? throw new IndexCorruptException(session.Catalogue.Path, $"{full} has a record that its index of paths does not lead to; "
                    + Catalogue.WayOut)
                : null;
        }
        var windows = new List<AudioWindow>(file.Windows.Length);
        for (int i = 0; i < file.Windows.Length; i++)
        {
            var (start, end, _) = file.Windows[i];
            windows.Add(new AudioWindow(start, end, _format.Decode(session.CheckedRow(file, i))) { IsScaled = true });
        }
        return new AudioIndexEntry(file.File, windows) { Details = new DetailsTable(session.Catalogue).Read(file.FirstRow) };
    }, cancellationToken);

    /// <summary>The files that pass a filter, in the order in which they were added; its least score says nothing here.</summary>
    /// <exception cref="OptionException">The filter is out of its range.</exception>
    public IReadOnlyList<IndexedFile> Files(SoundFilter filter) => Read(session =>
    {
        var passes = new FileFilter(new LibraryIndexQuery { Vector = default, Filter = filter }.Validated().Filter);
        var allowed = FilesOf(session).Files.Where(passes.Passes).Select(file => file.FirstRow).ToHashSet();
        return session.CheckedFiles().Where(file => allowed.Contains(file.FirstRow)).Select(file => file.File).ToList();
    });

    /// <summary>All files in the order in which they were added; see <see cref="IncrementalPlan"/>.</summary>
    public IReadOnlyList<IndexedFile> Files() => Read(session => session.CheckedFiles().Select(file => file.File).ToList());
}
