using NativeRetrieval.Indexing.Storage;

namespace NativeRetrieval.Indexing.Remote;

public sealed partial class RemoteAudioIndex
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> TextsWithoutVectorsAsync(CancellationToken cancellationToken = default)
    {
        await using var session = await _server.BeginReadAsync(Settings, cancellationToken).ConfigureAwait(false);
        var known = (await session.TextKeysAsync(cancellationToken).ConfigureAwait(false)).ToHashSet();
        var files = await session.FilesAsync(FileChoice.All, cancellationToken).ConfigureAwait(false);
        return [.. files.Select(file => file.Text).Where(text => text.Length > 0 && known.Add(FileText.KeyOf(text)))];
    }

    /// <inheritdoc/>
    public async Task SetTextVectorsAsync(IReadOnlyList<(string Text, ReadOnlyMemory<float> Vector)> vectors,
        CancellationToken cancellationToken = default)
    {
        await using var writer = await BeginWriteAsync(cancellationToken).ConfigureAwait(false);
        int width = await writer.TextWidthAsync(cancellationToken).ConfigureAwait(false);
        if (width == 0 && vectors.Count > 0) width = vectors[0].Vector.Length;
        var texts = new Dictionary<long, StoredText>();
        foreach (var (text, vector) in vectors)
        {
            float[] unit = new float[width];
            UnitVector.Of(vector.Span, unit, () => $"index: the vector of the text \"{text}\"");
            var rounded = TextTable.Rounded(unit);
            long key = FileText.KeyOf(text);
            texts[key] = new StoredText(key, [.. rounded.Select(value => (float)value)], TextTable.Checksum(key, rounded));
        }
        await writer.CommitAsync(new ServerChange(writer.State with { Commits = writer.State.Commits + 1 }) { Texts = [.. texts.Values] },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<TextScale?> TextScaleAsync(CancellationToken cancellationToken = default)
    {
        await using var session = await _server.BeginReadAsync(Settings, cancellationToken).ConfigureAwait(false);
        return await session.ReadTextScaleAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task SetTextScaleAsync(TextScale scale, CancellationToken cancellationToken = default)
    {
        await using var writer = await BeginWriteAsync(cancellationToken).ConfigureAwait(false);
        await writer.CommitAsync(new ServerChange(writer.State with { Commits = writer.State.Commits + 1 })
        {
            TextScale = scale.Validated(),
        }, cancellationToken).ConfigureAwait(false);
    }
}
