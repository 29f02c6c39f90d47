using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Indexing.Storage;
using NativeRetrieval.Indexing.Storage.Searching;

namespace NativeRetrieval.Indexing.Remote;

/// <summary>
/// The texts that one question needs, from a server: those nearest to it, and those of the files that sound and words have found. They are
/// compared with their checksums, and their cosines are the index's own work.
/// </summary>
internal sealed class RemoteTexts(IServerSession session, string place)
{
    /// <summary>Factor by which the next list is longer where one was too short.</summary>
    const int Growth = 4;

    const int LargestChunk = 4096;

    readonly SortedDictionary<long, BFloat16[]> _vectors = [];
    readonly Dictionary<long, long> _keyOf = [];

    /// <summary>Fetches the texts nearest to a question, until no other can be among those that count.</summary>
    /// <returns>First rows of the files with these texts; null: the index has no vectors of texts.</returns>
    /// <exception cref="IndexException">The question's text vector does not fit those of the index.</exception>
    public async Task<IReadOnlyCollection<long>?> NearestAsync(LibraryIndexQuery query, TextScale scale, Selection selection,
        CancellationToken cancellation)
    {
        int width = await session.TextWidthAsync(cancellation).ConfigureAwait(false);
        if (width == 0) return null;
        float[] unit = TextEvidence.UnitOf(query, width);
        // As of windows; see ExactRanking.
        double slack = session.TextScoreError + 4 * (width + 16) * Math.Pow(2, -24);
        int wanted = Fusion.Depth(query);
        for (long limit = wanted + 64; ; limit *= Growth)
        {
            var found = await session.NearestTextsAsync(unit, selection with { LeastScore = TextEvidence.LeastCosine(scale) - slack },
                (int)Math.Min(limit, int.MaxValue), cancellation).ConfigureAwait(false);
            await FetchAsync(found.Select(text => text.Key), cancellation).ConfigureAwait(false);
            if (found.Count < limit || LeastOf(unit, wanted) > found[^1].Score + slack) break;
        }
        foreach (var file in await session.PassingAsync(selection with { Texts = [.. _vectors.Keys] }, cancellation).ConfigureAwait(false))
            _keyOf[file.FirstRow] = file.TextKey;
        return [.. _keyOf.Keys];
    }

    /// <summary>The texts that were fetched, with those of some files.</summary>
    /// <param name="files">First rows, ascending: the files' places.</param>
    /// <param name="needed">First rows of files whose texts are needed.</param>
    public async Task<TextRows> OfAsync(long[] files, IEnumerable<long> needed, CancellationToken cancellation)
    {
        long[] others = [.. needed.Where(file => !_keyOf.ContainsKey(file)).Distinct()];
        if (others.Length > 0)
            foreach (var file in await session.PassingAsync(new Selection { Only = others }, cancellation).ConfigureAwait(false))
                _keyOf[file.FirstRow] = file.TextKey;
        await FetchAsync(others.Select(file => _keyOf[file]), cancellation).ConfigureAwait(false);
        long none = FileText.KeyOf("");
        return TextRows.Load(_vectors.Select(text => (text.Key, text.Value)),
            [.. files.Select(file => _keyOf.GetValueOrDefault(file, none))]);
    }

    /// <summary>The least cosine of the best texts; negative infinity where there are fewer.</summary>
    double LeastOf(float[] unit, int wanted)
    {
        var best = TextRows.Load(_vectors.Select(text => (text.Key, text.Value)), [.. _vectors.Keys]).Nearest(unit, wanted, null).ToList();
        return best.Count == wanted ? best[^1].Cosine : double.NegativeInfinity;
    }

    async Task FetchAsync(IEnumerable<long> keys, CancellationToken cancellation)
    {
        foreach (long[] chunk in keys.Where(key => !_vectors.ContainsKey(key)).Distinct().ToList().Chunk(LargestChunk))
            foreach (var text in await session.TextsAsync(chunk, cancellation).ConfigureAwait(false))
            {
                var rounded = TextTable.Rounded(text.Vector);
                if (TextTable.Checksum(text.Key, rounded) != text.Checksum)
                    throw new IndexCorruptException(place, $"the vector of text {text.Key:X} does not match its checksum");
                _vectors[text.Key] = rounded;
            }
    }
}
