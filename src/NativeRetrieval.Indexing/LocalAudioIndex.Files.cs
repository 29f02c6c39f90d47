using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage;

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
    public Task RedescribeAsync(string path, IndexedFile file, CancellationToken cancellationToken = default) =>
        WriteAsync(writer =>
        {
            writer.Redescribe(System.IO.Path.GetFullPath(path), file);
            return true;
        }, cancellationToken);

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
            windows.Add(new AudioWindow(start, end, _format.Decode(session.CheckedRow(file, i))));
        }
        return new AudioIndexEntry(file.File, windows);
    }, cancellationToken);

    /// <summary>All files in the order in which they were added; see <see cref="IncrementalPlan"/>.</summary>
    public IReadOnlyList<IndexedFile> Files() => Read(session => session.CheckedFiles().Select(file => file.File).ToList());
}
