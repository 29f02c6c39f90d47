using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage;

namespace NativeRetrieval.Indexing.Remote;

public sealed partial class RemoteAudioIndex
{
    /// <inheritdoc/>
    public Task UpsertAsync(AudioIndexEntry entry, CancellationToken cancellationToken = default) =>
        UpsertAsync([entry], cancellationToken);

    /// <inheritdoc/>
    /// <remarks>A file of the same path, content hash and vectors keeps its rows, so that sending it once more changes nothing.</remarks>
    public async Task UpsertAsync(IReadOnlyList<AudioIndexEntry> entries, CancellationToken cancellationToken = default)
    {
        var files = entries.Select(entry => PreparedFile.Of(entry, _format)).GroupBy(file => file.File.FullPath)
            .Select(group => group.Last()).ToList();
        if (files.Count == 0) return;
        await using var writer = await BeginWriteAsync(cancellationToken).ConfigureAwait(false);
        var known = await KnownAsync(writer, files.Select(file => file.File.FullPath), cancellationToken).ConfigureAwait(false);
        var next = writer.State;
        var (removed, added, described) = (new List<StoredFile>(), new List<WrittenFile>(), new List<WrittenFile>());
        foreach (var file in files)
        {
            var former = known.GetValueOrDefault(file.File.FullPath);
            if (former is not null && former.File.ContentHash == file.File.ContentHash
                && await HasRowsAsync(writer, former, file, cancellationToken).ConfigureAwait(false))
            {
                next = Described(former, file.File, file.Details, next, described);
                continue;
            }
            if (former is not null) next = Without(former, next, removed);
            next = With(file, next, added);
        }
        await writer.CommitAsync(new ServerChange(next with { Commits = next.Commits + 1 })
        {
            Removed = removed, Added = added, Described = described,
        }, cancellationToken).ConfigureAwait(false);
    }

    static async Task<bool> HasRowsAsync(IServerWriter writer, StoredFile known, PreparedFile file, CancellationToken cancellation)
    {
        if (known.Windows != file.Windows.Length) return false;
        var marks = await writer.MarksAsync(known, cancellation).ConfigureAwait(false);
        return marks.Select(mark => new WindowRecord(mark.StartSeconds, mark.EndSeconds, mark.Checksum)).SequenceEqual(file.Windows);
    }

    ServerState With(PreparedFile file, ServerState state, List<WrittenFile> added)
    {
        var (terms, tokens) = _tokens.Of(file.File.FullPath, file.Details);
        var rows = file.Windows.Select((window, i) => new StoredWindow(
            new WindowMark(state.NextRow + i, window.StartSeconds, window.EndSeconds, window.RowChecksum), state.NextRow,
            _format.Decode(file.Rows.AsSpan(i * _format.StrideBytes, _format.StrideBytes)))).ToList();
        added.Add(new WrittenFile(new StoredFile(state.NextRow, rows.Count, file.File, file.Details, tokens), rows, terms));
        return state with
        {
            NextRow = state.NextRow + rows.Count, Files = state.Files + 1, Windows = state.Windows + rows.Count, Tokens = state.Tokens
                + tokens,
        };
    }

    static ServerState Without(StoredFile file, ServerState state, List<StoredFile> removed)
    {
        removed.Add(file);
        return state with { Files = state.Files - 1, Windows = state.Windows - file.Windows, Tokens = state.Tokens - file.Tokens };
    }

    ServerState Described(StoredFile file, IndexedFile now, SoundDetails details, ServerState state, List<WrittenFile> described)
    {
        var (terms, tokens) = _tokens.Of(now.FullPath, details);
        described.Add(new WrittenFile(file with { File = now, Details = details, Tokens = tokens }, [], terms));
        return state with { Tokens = state.Tokens - file.Tokens + tokens };
    }

    /// <inheritdoc/>
    public async Task<int> DeleteAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken = default)
    {
        await using var writer = await BeginWriteAsync(cancellationToken).ConfigureAwait(false);
        var known = await KnownAsync(writer, paths.Select(Path.GetFullPath), cancellationToken).ConfigureAwait(false);
        if (known.Count == 0) return 0;
        var removed = new List<StoredFile>();
        var next = writer.State;
        foreach (var file in known.Values) next = Without(file, next, removed);
        await writer.CommitAsync(new ServerChange(next with { Commits = next.Commits + 1 }) { Removed = removed }, cancellationToken)
            .ConfigureAwait(false);
        return removed.Count;
    }

    /// <inheritdoc/>
    public async Task RedescribeAsync(string path, IndexedFile file, SoundDetails? details = null,
        CancellationToken cancellationToken = default)
    {
        string full = Path.GetFullPath(path);
        await using var writer = await BeginWriteAsync(cancellationToken).ConfigureAwait(false);
        var known = await KnownAsync(writer, [full, file.FullPath], cancellationToken).ConfigureAwait(false);
        var former = known.GetValueOrDefault(full) ?? throw new IndexException($"{Place}: {full} is not in the index");
        if (former.File.ContentHash != file.ContentHash)
            throw new IndexException($"{Place}: {file.Path} has another content than {full}; index it anew");
        var (removed, described) = (new List<StoredFile>(), new List<WrittenFile>());
        var next = writer.State;
        if (file.FullPath != full && known.GetValueOrDefault(file.FullPath) is { } overwritten)
            next = Without(overwritten, next, removed);
        next = Described(former, file with { ModifiedUtc = file.ModifiedUtc.ToUniversalTime() },
            details?.Validated(path) ?? former.Details, next, described);
        await writer.CommitAsync(new ServerChange(next with { Commits = next.Commits + 1 }) { Removed = removed, Described = described },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<int> DescribeAsync(IReadOnlyList<(string Path, SoundDetails Details)> files,
        CancellationToken cancellationToken = default)
    {
        await using var writer = await BeginWriteAsync(cancellationToken).ConfigureAwait(false);
        var known = await KnownAsync(writer, files.Select(file => Path.GetFullPath(file.Path)), cancellationToken).ConfigureAwait(false);
        var described = new List<WrittenFile>();
        var next = writer.State;
        foreach (var (path, details) in files.GroupBy(file => Path.GetFullPath(file.Path)).Select(group => (group.Key, group.Last()
            .Details)))
            if (known.GetValueOrDefault(path) is { } file) next = Described(file, file.File, details.Validated(path), next, described);
        if (described.Count == 0) return 0;
        await writer.CommitAsync(new ServerChange(next with { Commits = next.Commits + 1 }) { Described = described }, cancellationToken)
            .ConfigureAwait(false);
        return described.Count;
    }

    /// <inheritdoc/>
    public async Task<AudioIndexEntry?> GetAsync(string path, CancellationToken cancellationToken = default)
    {
        await using var session = await _server.BeginReadAsync(Settings, cancellationToken).ConfigureAwait(false);
        var known = await KnownAsync(session, [Path.GetFullPath(path)], cancellationToken).ConfigureAwait(false);
        if (known.Values.FirstOrDefault() is not { } file) return null;
        var rows = await session.WindowsAsync([.. Enumerable.Range(0, file.Windows).Select(i => file.FirstRow + i)], cancellationToken)
            .ConfigureAwait(false);
        return new AudioIndexEntry(file.File, [.. rows.OrderBy(row => row.Mark.Row)
            .Select(row => new AudioWindow(row.Mark.StartSeconds, row.Mark.EndSeconds,
            row.Vector) { IsScaled = true })]) { Details = file.Details };
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<IndexedFile>> FilesAsync(CancellationToken cancellationToken = default) =>
        [.. (await AllAsync(cancellationToken).ConfigureAwait(false)).Select(file => file.File)];

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, SoundDetails?>> DetailsAsync(CancellationToken cancellationToken = default) =>
        (await AllAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(file => file.File.FullPath,
            file => (SoundDetails?)file.Details);

    async Task<IReadOnlyList<StoredFile>> AllAsync(CancellationToken cancellation)
    {
        await using var session = await _server.BeginReadAsync(Settings, cancellation).ConfigureAwait(false);
        return await session.FilesAsync(FileChoice.All, cancellation).ConfigureAwait(false);
    }

    static async Task<Dictionary<string, StoredFile>> KnownAsync(IServerSession session, IEnumerable<string> fullPaths,
        CancellationToken cancellation) =>
        (await session.FilesAsync(new FileChoice { FullPaths = [.. fullPaths.Distinct()] }, cancellation).ConfigureAwait(false))
            .ToDictionary(file => file.File.FullPath);

    Task<IServerWriter> BeginWriteAsync(CancellationToken cancellation) => _isWritable
        ? _server.BeginWriteAsync(Settings, cancellation)
        : throw new IndexException($"{Place}: was opened for reading; open it with {nameof(IndexAccess)}.{nameof(IndexAccess.Write)} "
            + "to change it");

    /// <inheritdoc/>
    public async Task<IndexBackground?> BackgroundAsync(CancellationToken cancellationToken = default)
    {
        await using var session = await _server.BeginReadAsync(Settings, cancellationToken).ConfigureAwait(false);
        return await session.ReadBackgroundAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task SetBackgroundAsync(IndexBackground background, CancellationToken cancellationToken = default)
    {
        await using var writer = await BeginWriteAsync(cancellationToken).ConfigureAwait(false);
        await writer.CommitAsync(new ServerChange(writer.State with { Commits = writer.State.Commits + 1 })
        {
            Background = background.Validated(),
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<(string Text, float[] Vector)>> SampleVectorsAsync(int most,
        CancellationToken cancellationToken = default)
    {
        await using var session = await _server.BeginReadAsync(Settings, cancellationToken).ConfigureAwait(false);
        var files = await session.FilesAsync(FileChoice.All, cancellationToken).ConfigureAwait(false);
        int count = Math.Min(most, files.Count);
        StoredFile[] sample = [.. Enumerable.Range(0, count).Select(i => files[(int)((long)i * files.Count / count)])];
        var windows = (await session.WindowsAsync([.. sample.Select(file => file.FirstRow + file.Windows / 2)], cancellationToken)
            .ConfigureAwait(false)).ToDictionary(row => row.FirstRow);
        return [.. sample.Select(file => (file.Text, windows[file.FirstRow].Vector))];
    }

    /// <inheritdoc/>
    public async Task<IndexStats> StatsAsync(CancellationToken cancellationToken = default)
    {
        await using var session = await _server.BeginReadAsync(Settings, cancellationToken).ConfigureAwait(false);
        return new IndexStats(session.State.Files, session.State.Windows, DeletedWindows: 0, Segments: 0,
            await session.SizeBytesAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public Task<IndexDamage> FindDamageAsync(CancellationToken cancellationToken = default) =>
        Task.FromResult(new IndexDamage([], Segments: 0, CommitsAreLost: false));

    /// <inheritdoc/>
    public Task FinishRepairAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;
}
