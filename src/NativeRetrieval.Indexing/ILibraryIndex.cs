using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing;

/// <summary>
/// An index with all that a library of sounds needs: search by sound, words and meaning with filters, and what an indexer asks and
/// changes. A folder has one (<see cref="LocalAudioIndex"/>), and a database server (<see cref="Remote.RemoteAudioIndex"/>).
/// </summary>
public interface ILibraryIndex : IAudioIndex
{
    /// <summary>The folder, or the server's address without its password, for messages.</summary>
    string Place { get; }

    /// <summary>The answers to several questions by sound, words and meaning, best first.</summary>
    /// <returns>One list for each question.</returns>
    /// <exception cref="IndexException">A vector has another dimension, holds NaN or infinity, or is zero; or a server, or a part of it,
    /// did not answer: no list is shorter for that.</exception>
    /// <exception cref="OptionException">An option is out of its range.</exception>
    /// <exception cref="IndexCorruptException">The index is damaged.</exception>
    Task<IReadOnlyList<LibraryHits>> SearchBatchAsync(IReadOnlyList<LibraryIndexQuery> queries,
        CancellationToken cancellationToken = default);

    /// <summary>All files in the order in which they were added; see <see cref="IncrementalPlan"/>.</summary>
    Task<IReadOnlyList<IndexedFile>> FilesAsync(CancellationToken cancellationToken = default);

    /// <summary>The details of all files by absolute path; null where an older version indexed a file.</summary>
    Task<IReadOnlyDictionary<string, SoundDetails?>> DetailsAsync(CancellationToken cancellationToken = default);

    /// <summary>Records that a file has moved or was touched, without embedding it again.</summary>
    /// <param name="path">The path that the index knows.</param>
    /// <param name="file">The file as it is now, of the same content. A file indexed under the new path is replaced.</param>
    /// <param name="details">Its details as they are now; null: those it has.</param>
    Task RedescribeAsync(string path, IndexedFile file, SoundDetails? details = null, CancellationToken cancellationToken = default);

    /// <summary>Gives files other details, as one step, and leaves all else as it is.</summary>
    /// <returns>Number of the paths that are in the index.</returns>
    Task<int> DescribeAsync(IReadOnlyList<(string Path, SoundDetails Details)> files, CancellationToken cancellationToken = default);

    /// <summary>The scores that hits are compared with; null where none were made.</summary>
    Task<IndexBackground?> BackgroundAsync(CancellationToken cancellationToken = default);

    /// <summary>Replaces the scores that hits are compared with.</summary>
    Task SetBackgroundAsync(IndexBackground background, CancellationToken cancellationToken = default);

    /// <summary>
    /// The texts of files (words of the name, title, description, keywords) whose vectors the index does not have, each once.
    /// </summary>
    Task<IReadOnlyList<string>> TextsWithoutVectorsAsync(CancellationToken cancellationToken = default);

    /// <summary>Keeps the vectors of texts; those of texts that no file has any more are dropped.</summary>
    /// <param name="vectors">
    /// Texts of <see cref="TextsWithoutVectorsAsync"/> with their vectors by the model's text encoder: [width], of any length but 0, one
    /// width in an index.
    /// </param>
    /// <exception cref="IndexException">A vector has another width than the others, holds NaN or infinity, or is zero.</exception>
    Task SetTextVectorsAsync(IReadOnlyList<(string Text, ReadOnlyMemory<float> Vector)> vectors,
        CancellationToken cancellationToken = default);

    /// <summary>The scale of the texts' vectors; null where none was set.</summary>
    Task<TextScale?> TextScaleAsync(CancellationToken cancellationToken = default);

    /// <summary>Replaces the scale of the texts' vectors.</summary>
    /// <exception cref="OptionException">A value is out of its range.</exception>
    Task SetTextScaleAsync(TextScale scale, CancellationToken cancellationToken = default);

    /// <summary>
    /// Unit vectors of windows spread over the index, each of another file, the middle one of every n-th, with the file's text (empty: it
    /// has none).
    /// </summary>
    /// <param name="most">Most vectors to return.</param>
    Task<IReadOnlyList<(string Text, float[] Vector)>> SampleVectorsAsync(int most, CancellationToken cancellationToken = default);

    /// <summary>Counts and size of the index at this moment.</summary>
    Task<IndexStats> StatsAsync(CancellationToken cancellationToken = default);

    /// <summary>Compares what is stored with its checksums, where that is the index's own work; a server does that for itself.</summary>
    Task<IndexDamage> FindDamageAsync(CancellationToken cancellationToken = default);

    /// <summary>Ends a repair when what <see cref="FindDamageAsync"/> named has new vectors or is taken out.</summary>
    /// <exception cref="IndexCorruptException">Files are still damaged.</exception>
    Task FinishRepairAsync(CancellationToken cancellationToken = default);
}
