namespace NativeRetrieval.Indexing;

/// <summary>Sound files, the embeddings of their windows, and search over these by cosine similarity.</summary>
/// <remarks>Members may be called from several threads at a time. What a call has acknowledged survives the end of the process.</remarks>
public interface IAudioIndex : IDisposable
{
    /// <summary>Settings that the index was built with.</summary>
    IndexSettings Settings { get; }

    /// <summary>Adds a file or replaces all its former windows, as one step.</summary>
    /// <exception cref="Core.Errors.IndexException">A vector has another dimension or no direction, or the index was opened for
    /// reading.</exception>
    Task UpsertAsync(AudioIndexEntry entry, CancellationToken cancellationToken = default);

    /// <summary>Adds or replaces several files in one step: all of them or none. Much faster than one by one.</summary>
    /// <exception cref="Core.Errors.IndexException">A vector has another dimension or no direction, or the index was opened for
    /// reading.</exception>
    Task UpsertAsync(IReadOnlyList<AudioIndexEntry> entries, CancellationToken cancellationToken = default);

    /// <summary>The file with its windows and stored vectors, or null. Relative paths start at the current folder.</summary>
    Task<AudioIndexEntry?> GetAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>Takes files out, as one step.</summary>
    /// <returns>Number of the paths that were in the index.</returns>
    Task<int> DeleteAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken = default);

    /// <summary>The windows or files most similar to the query, best first.</summary>
    /// <param name="query">Embedding [dimension], float32, of any length but 0.</param>
    /// <exception cref="Core.Errors.IndexException">The query has another dimension, holds NaN or infinity, or is zero.</exception>
    /// <exception cref="Core.Errors.OptionException">An option is out of its range.</exception>
    Task<IReadOnlyList<SearchHit>> SearchAsync(ReadOnlyMemory<float> query, AudioSearchOptions? options = null,
        CancellationToken cancellationToken = default);

    /// <summary>The best windows or files for each of several queries, which share one pass over the vectors.</summary>
    /// <param name="queries">Embeddings [Q, dimension], float32, contiguous.</param>
    /// <returns>One list for each query.</returns>
    /// <inheritdoc cref="SearchAsync" path="/exception"/>
    Task<IReadOnlyList<IReadOnlyList<SearchHit>>> SearchBatchAsync(ReadOnlyMemory<float> queries, AudioSearchOptions? options = null,
        CancellationToken cancellationToken = default);
}
