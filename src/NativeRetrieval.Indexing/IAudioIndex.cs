namespace NativeRetrieval.Indexing;

/// <summary>Sound files, the embeddings of their windows, and search over these by cosine similarity.</summary>
/// <remarks>Members may be called from several threads at a time. What a call has acknowledged survives the end of the process.</remarks>
public interface IAudioIndex : IDisposable
{
    IndexSettings Settings { get; }

    /// <summary>Adds a file or replaces all its former windows, as one step.</summary>
    Task UpsertAsync(AudioIndexEntry entry, CancellationToken cancellationToken = default);

    /// <summary>The same for several files in one step: all of them or none. Much faster than one by one.</summary>
    Task UpsertAsync(IReadOnlyList<AudioIndexEntry> entries, CancellationToken cancellationToken = default);

    /// <summary>The file with its windows and stored vectors, or null. Relative paths start at the current folder.</summary>
    Task<AudioIndexEntry?> GetAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>Takes files out, as one step.</summary>
    /// <returns>How many of the paths were in the index.</returns>
    Task<int> DeleteAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken = default);

    /// <summary>The windows or files most similar to the query, best first.</summary>
    /// <param name="query">[dimension], of any length but 0.</param>
    Task<IReadOnlyList<SearchHit>> SearchAsync(ReadOnlyMemory<float> query, AudioSearchOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>The same for several queries, which share one pass over the vectors.</summary>
    /// <param name="queries">[Q, dimension], contiguous.</param>
    /// <returns>One list for each query.</returns>
    Task<IReadOnlyList<IReadOnlyList<SearchHit>>> SearchBatchAsync(ReadOnlyMemory<float> queries, AudioSearchOptions? options = null, CancellationToken cancellationToken = default);
}
