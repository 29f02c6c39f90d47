using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing.Remote;

/// <summary>
/// A database server as a <see cref="RemoteAudioIndex"/> needs it: it stores, counts, filters and ranks roughly. Scores, words and the
/// order of hits are the index's own work, so that they are the same on every engine. Members may be called from several threads.
/// </summary>
/// <remarks>Whatever keeps the server from a complete answer is an <see cref="IndexException"/> that names it.</remarks>
internal interface IIndexServer : IDisposable
{
    /// <summary>The address without its password.</summary>
    string Place { get; }

    /// <summary>The settings of the index; null: there is none.</summary>
    /// <exception cref="IndexException">A newer version made it.</exception>
    Task<IndexSettings?> ReadSettingsAsync(CancellationToken cancellation);

    /// <summary>Makes the tables where they are missing, and the settings where no other has made them meanwhile.</summary>
    Task CreateAsync(IndexSettings settings, CancellationToken cancellation);

    /// <summary>Begins reads that see one commit.</summary>
    Task<IServerSession> BeginReadAsync(IndexSettings settings, CancellationToken cancellation);

    /// <summary>Begins one change. Others wait for it where the engine has locks.</summary>
    Task<IServerWriter> BeginWriteAsync(IndexSettings settings, CancellationToken cancellation);
}

/// <summary>Reads of one commit.</summary>
internal interface IServerSession : IAsyncDisposable
{
    ServerState State { get; }

    /// <summary>Most that the server's score of unit vectors differs from the true one, beside the index's own rounding.</summary>
    double ScoreError { get; }

    /// <summary>The windows of greatest score by the server's arithmetic, greatest first.</summary>
    /// <param name="unit">[dimension], of length 1.</param>
    Task<IReadOnlyList<Candidate>> NearestAsync(float[] unit, Selection selection, int limit, CancellationToken cancellation);

    /// <summary>Windows with their vectors; in any order.</summary>
    Task<IReadOnlyList<StoredWindow>> WindowsAsync(IReadOnlyCollection<long> rows, CancellationToken cancellation);

    /// <summary>A file's windows without their vectors, in order.</summary>
    Task<IReadOnlyList<WindowMark>> MarksAsync(StoredFile file, CancellationToken cancellation);

    /// <summary>Files in the order of their rows.</summary>
    Task<IReadOnlyList<StoredFile>> FilesAsync(FileChoice choice, CancellationToken cancellation);

    /// <summary>The files with a term.</summary>
    Task<IReadOnlyList<Posting>> PostingsAsync(string term, CancellationToken cancellation);

    /// <summary>Files that pass.</summary>
    Task<IReadOnlyList<FileWithText>> PassingAsync(Selection selection, CancellationToken cancellation);

    /// <summary>Number of the files that pass, and of their windows.</summary>
    Task<(long Files, long Windows)> CountAsync(Selection selection, CancellationToken cancellation);

    Task<IndexBackground?> ReadBackgroundAsync(CancellationToken cancellation);

    /// <summary>Values of a text's vector; 0 where there is none.</summary>
    Task<int> TextWidthAsync(CancellationToken cancellation);

    /// <summary>Most that the server's score of a text differs from the true one, as <see cref="ScoreError"/>.</summary>
    double TextScoreError { get; }

    /// <summary>The texts of files that pass, of greatest score by the server's arithmetic, greatest first; one may come twice.</summary>
    /// <param name="unit">[width], of length 1.</param>
    Task<IReadOnlyList<TextCandidate>> NearestTextsAsync(float[] unit, Selection selection, int limit, CancellationToken cancellation);

    /// <summary>Those of some texts that have a vector, each once; in any order.</summary>
    Task<IReadOnlyList<StoredText>> TextsAsync(IReadOnlyCollection<long> keys, CancellationToken cancellation);

    /// <summary>Keys of all texts that have a vector.</summary>
    Task<IReadOnlyList<long>> TextKeysAsync(CancellationToken cancellation);

    Task<TextScale?> ReadTextScaleAsync(CancellationToken cancellation);

    /// <summary>Bytes that the index takes on the server.</summary>
    Task<long> SizeBytesAsync(CancellationToken cancellation);
}

/// <summary>One change. What is not committed when it is disposed has not happened.</summary>
internal interface IServerWriter : IServerSession
{
    Task CommitAsync(ServerChange change, CancellationToken cancellation);
}
