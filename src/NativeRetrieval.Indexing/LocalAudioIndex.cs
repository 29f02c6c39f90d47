using Microsoft.Data.Sqlite;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Indexing.Storage;
using NativeRetrieval.Indexing.Storage.Searching;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing;

/// <summary>
/// An index in a folder: vectors in append-only segment files, everything else in SQLite.
/// </summary>
/// <remarks>
/// One process writes at a time and any number read; each call sees one commit, whole. A call that returns has reached the
/// disk. Every record and every row carries a checksum. A record is compared with it whenever it is read, a row before the first search
/// that could find it: a search that returns has looked at the vectors that were written, all of them.
/// </remarks>
public sealed partial class LocalAudioIndex : ILibraryIndex
{
    /// <summary>256 MiB of 1024 float32 values: large enough for few files, small enough for a deletion bitmap of 8 KiB.</summary>
    const int DefaultMaxSegmentRows = 65_536;

    readonly string _folder;
    readonly SegmentFormat _format;
    readonly ReadSessions _sessions;
    readonly IRowSearch _search;
    readonly IndexWriter? _writer;
    readonly WriterLock? _lock;
    readonly SemaphoreSlim _writing = new(1);
    readonly FileIdentity _identity;

    LocalAudioIndex(string folder, IndexSettings settings, Guid id, WriterLock? writerLock, IIndexIo io, int maxSegmentRows,
        Device? resident, bool repair)
    {
        (_folder, _lock, Settings) = (folder, writerLock, settings);
        _format = new SegmentFormat(settings.Dimension, settings.Element, id);
        _sessions = new ReadSessions(folder, _format, tolerant: repair);
        _search = resident is null ? new HostRowSearch(_format) : new ResidentRowSearch(_format, resident);
        _identity = Identity(folder);
        if (writerLock is null) return;
        _writer = new IndexWriter(folder, _format, io, maxSegmentRows);
    }

    /// <inheritdoc/>
    public IndexSettings Settings { get; }

    internal ReadSessions Sessions => _sessions;

    internal SegmentFormat Format => _format;

    internal IRowSearch RowSearch => _search;

    /// <summary>Makes a new, empty index and opens it for writing.</summary>
    /// <param name="folder">A folder that does not exist or is empty.</param>
    /// <param name="device">Device that searches; see <see cref="Open(string, IndexAccess, string?, Device?)"/>.</param>
    /// <exception cref="IndexException">There is something already.</exception>
    public static LocalAudioIndex Create(string folder, IndexSettings settings, Device? device = null) =>
        Create(folder, settings, orOpen: false, DiskIo.Shared, DefaultMaxSegmentRows, Resident(device));

    /// <summary>Opens an index for writing and makes it if it does not exist.</summary>
    /// <param name="device">Device that searches; see <see cref="Open(string, IndexAccess, string?, Device?)"/>.</param>
    /// <param name="repair">
    /// True to open an index, too, whose vectors are damaged or missing, or whose last commits are lost: reading what is damaged throws
    /// until <see cref="FindDamageAsync"/>, new vectors for the files it names, and <see cref="FinishRepairAsync"/> have put it right.
    /// </param>
    /// <exception cref="IndexException">It was built with other settings, or another process writes to it.</exception>
    /// <exception cref="IndexCorruptException">The index is damaged.</exception>
    public static LocalAudioIndex EnsureCollectionExists(string folder, IndexSettings settings, Device? device = null,
        bool repair = false) =>
        Create(folder, settings, orOpen: true, DiskIo.Shared, DefaultMaxSegmentRows, Resident(device), repair);

    /// <summary>Opens an existing index.</summary>
    /// <param name="modelFingerprint">The fingerprint of the model whose vectors will be searched or added; null where none will
    /// be.</param>
    /// <param name="device">
    /// Device that searches. It keeps a copy of all vectors in its memory, loaded by the first search that sees them, until this index is
    /// disposed, which must come before the device. Null or the CPU: the first search scores the
    /// vectors as it reads them and keeps none; later ones score copies in bfloat16 in the computer's memory and read the best again, with
    /// the same results; where the copies take more than half of the memory, every search reads all files. On another device scores differ
    /// by float32 rounding.
    /// </param>
    /// <exception cref="IndexException">There is no index, it was built with another model or by a newer version, or another process writes
    /// to it.</exception>
    /// <exception cref="IndexCorruptException">The index is damaged.</exception>
    public static LocalAudioIndex Open(string folder, IndexAccess access, string? modelFingerprint = null, Device? device = null) =>
        Open(folder, access, modelFingerprint, DiskIo.Shared, DefaultMaxSegmentRows, Resident(device));

    internal static LocalAudioIndex Create(string folder, IndexSettings settings, bool orOpen, IIndexIo io, int maxSegmentRows,
        Device? resident = null, bool repair = false) => CatalogueErrors.Translate(folder, () =>
    {
        settings.Validated();
        if (File.Exists(folder)) throw new IndexException($"{folder}: is a file; an index is a folder");
        DurableFile.CreateFolder(folder);
        return WithLock(folder, taken =>
        {
            if (Directory.EnumerateFileSystemEntries(folder)
                .FirstOrDefault(entry => !IsOwnFile(System.IO.Path.GetFileName(entry))) is { } stranger)
                throw new IndexException($"{folder}: holds {System.IO.Path.GetFileName(stranger)}, which is not part of an index; name a "
                    + "new folder");

            bool created = false;
            using (var catalogue = Catalogue.Open(folder, SqliteOpenMode.ReadWriteCreate))
            {
                using var transaction = catalogue.BeginWrite();
                if (!catalogue.HasSchema())
                {
                    catalogue.CreateSchema(settings);
                    io.Commit(transaction);
                    created = true;
                }
            }
            if (created) io.FlushFolder(folder);
            else if (!orOpen) throw new IndexException($"{folder}: an index is already there; open it, or name a new folder");

            var index = OpenLocked(folder, settings.ModelFingerprint, taken, io, maxSegmentRows, resident, repair);
            // The fingerprint says which model it is; the folder may have moved.
            if (index.Settings == settings with { ModelId = index.Settings.ModelId }) return index;
            index.Dispose();
            throw new IndexException($"{folder}: was built with other settings: {index.Settings}; asked for: {settings}");
        });
    });

    internal static LocalAudioIndex Open(string folder, IndexAccess access, string? modelFingerprint, IIndexIo io, int maxSegmentRows,
        Device? resident = null) => CatalogueErrors.Translate(folder, () =>
    {
        CheckIsThere(folder);
        return access == IndexAccess.Read
            ? OpenLocked(folder, modelFingerprint, taken: null, io, maxSegmentRows, resident)
            : WithLock(folder, taken => OpenLocked(folder, modelFingerprint, taken, io, maxSegmentRows, resident));
    });

    static void CheckIsThere(string folder)
    {
        try
        {
            FileIdentity.Of(System.IO.Path.Combine(folder, Catalogue.FileName));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IndexException(
                $"{folder}: may not be read: {e.Message}; reading an index takes read access to its folder and files", e);
        }
        catch (FileNotFoundException e)
        {
            throw new IndexException($"{folder}: there is no index; build one with `nativeretrieval index`", e);
        }
    }

    static LocalAudioIndex WithLock(string folder, Func<WriterLock, LocalAudioIndex> open)
    {
        var taken = WriterLock.Take(folder);
        try
        {
            return open(taken);
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    static LocalAudioIndex OpenLocked(string folder, string? modelFingerprint, WriterLock? taken, IIndexIo io, int maxSegmentRows,
        Device? resident, bool repair = false)
    {
        if (taken is not null) IndexWriter.Upgrade(folder, io);
        // Before the catalogue: a receipt that is read after it could be that of a later commit. A writer compares it later.
        var receipt = taken is null ? CommitReceipt.Read(folder) : null;
        var (settings, id) = ReadSessions.Retried(folder, () => Catalogue.Open(folder, taken is null ? SqliteOpenMode.ReadOnly
            : SqliteOpenMode.ReadWrite), catalogue =>
        {
            if (!catalogue.HasSchema())
                throw new IndexException($"{folder}: there is no index; its creation was interrupted, build it anew");
            var read = catalogue.ReadSettings();
            if (taken is null && !catalogue.IsOld) CommitReceipt.Check(receipt, folder, read.IndexId, catalogue.ReadState());
            return read;
        });
        if (modelFingerprint is not null && modelFingerprint != settings.ModelFingerprint)
            throw new IndexException(
                $"{folder}: was built with model {settings.ModelId} (fingerprint {Short(settings.ModelFingerprint)}), "
                + $"not with the one given (fingerprint {Short(modelFingerprint)}); "
                + "their vectors cannot be compared: use that model, or build a new index with this one");

        var index = new LocalAudioIndex(folder, settings, id, taken, io, maxSegmentRows, resident, repair);
        try
        {
            index._writer?.CheckIntegrity();
            index._writer?.CheckReceipt(repair);
            index._writer?.RemoveStrayFiles();
            // Opens every segment and so finds missing, truncated and foreign ones before the first search.
            index._sessions.Begin().Dispose();
            return index;
        }
        catch
        {
            index.CloseFiles();
            throw;
        }
    }

    /// <summary>The device, if it needs a copy of the vectors; null for the CPU, which searches them in host memory.</summary>
    static Device? Resident(Device? device) => device is CpuDevice ? null : device;

    static string Short(string fingerprint) => fingerprint.Length > 12 ? fingerprint[..12] + "…" : fingerprint;

    static bool IsOwnFile(string name) =>
        name.StartsWith(Catalogue.FileName, StringComparison.Ordinal) || name is WriterLock.LockName or WriterLock.OwnerName
            or CommitReceipt.FileName || SegmentFormat.IsSegmentFileName(name) || DurableFile.IsTemporary(name);

    /// <summary>Closes the index's files; when it was open for writing, another process may write to it afterwards.</summary>
    public void Dispose()
    {
        CloseFiles();
        _lock?.Dispose();
        _writing.Dispose();
    }

    void CloseFiles()
    {
        _search.Dispose();
        _sessions.Dispose();
        _writer?.Dispose();
    }

    Task<T> ReadAsync<T>(Func<ReadSession, T> read, CancellationToken cancellationToken) => Task.Run(() => Read(read), cancellationToken);

    internal T Read<T>(Func<ReadSession, T> read) => CatalogueErrors.Translate(_folder, () => _sessions.Read(read));

    async Task<T> WriteAsync<T>(Func<IndexWriter, T> write, CancellationToken cancellationToken)
    {
        if (_writer is null)
            throw new IndexException($"{_folder}: was opened for reading; open it with {nameof(IndexAccess)}.{nameof(IndexAccess.Write)} "
                + "to change it");
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => CatalogueErrors.Translate(_folder, () => write(_writer)), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }
}
