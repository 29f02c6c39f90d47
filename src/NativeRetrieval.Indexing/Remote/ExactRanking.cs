using System.Runtime.InteropServices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Search;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Remote;

/// <summary>
/// Rankings whose scores and order are those of a folder's index. The server ranks by its own arithmetic, of which only a bound is known;
/// the best of its list are fetched, compared with their checksums and scored by the index's own kernel, until no window that was not
/// fetched can belong to the ranking.
/// </summary>
internal sealed class ExactRanking(IServerSession session, SegmentFormat format, string place)
{
    /// <summary>Windows looked at for each file asked for, and how much longer the next list is where one was too short.</summary>
    const int WindowsPerFile = 4, Growth = 4;

    const int LeastChunk = 256, LargestChunk = 4096;

    /// <summary>
    /// Most that the server's and the kernel's float32 sums of products of unit vectors differ: each is off by at most D·2⁻²⁴ where the
    /// factors' lengths are 1 (Higham 2002, section 3.1), here with room for lengths that bfloat16 moves.
    /// </summary>
    double Slack => session.ScoreError + 4 * (format.Dimension + 16) * Math.Pow(2, -24);

    /// <summary>The best windows, or each file's best one, that are not more similar to an unwanted vector.</summary>
    /// <param name="unit">[dimension], of length 1.</param>
    /// <param name="unwanted">Vectors of the same form.</param>
    public async Task<List<Found>> OfAsync(float[] unit, IReadOnlyList<float[]> unwanted, Selection selection, int wanted, bool perFile,
        float minScore, CancellationToken cancellation)
    {
        var best = new Dictionary<long, Found>();
        if (wanted == 0) return [];
        var seen = new HashSet<long>();
        if (minScore > float.NegativeInfinity) selection = selection with { LeastScore = minScore - Slack };
        long limit = (long)wanted * (perFile ? WindowsPerFile : 1) + 64;
        while (true)
        {
            limit = Math.Min(limit, Math.Max(1, session.State.Windows));
            var candidates = await session.NearestAsync(unit, selection, (int)Math.Min(limit, int.MaxValue), cancellation)
                .ConfigureAwait(false);
            for (int at = 0; at < candidates.Count;)
            {
                if (IsComplete(candidates[at].Score)) return Ranked();
                var chunk = candidates.Skip(at).Take(Math.Clamp(seen.Count, LeastChunk, LargestChunk)).ToList();
                at += chunk.Count;
                long[] rows = [.. chunk.Select(candidate => candidate.Row).Where(seen.Add)];
                foreach (var found in await ScoresAsync(rows, unit, unwanted, cancellation).ConfigureAwait(false))
                {
                    if (found.Score < minScore) continue;
                    long key = perFile ? found.FirstRow : found.Row;
                    if (!best.TryGetValue(key, out var other) || Better(found, other)) best[key] = found;
                }
            }
            if (candidates.Count < limit || limit >= session.State.Windows || IsComplete(candidates[^1].Score)) return Ranked();
            limit *= Growth;
        }

        bool IsComplete(double next) => best.Count >= wanted && Ranked()[^1].Score > next + Slack;

        List<Found> Ranked() => [.. best.Values.OrderByDescending(found => found.Score).ThenBy(found => found.Row).Take(wanted)];
    }

    /// <summary>Number of the windows, or files of one, that a ranking without an end would have.</summary>
    public async Task<long> CountAsync(float[] unit, IReadOnlyList<float[]> unwanted, Selection selection, bool perFile, float minScore,
        CancellationToken cancellation)
    {
        if (minScore > float.NegativeInfinity)
            return (await OfAsync(unit, unwanted, selection, int.MaxValue, perFile, minScore, cancellation).ConfigureAwait(false)).Count;
        if (unwanted.Count == 0)
        {
            var (files, windows) = await session.CountAsync(selection, cancellation).ConfigureAwait(false);
            return perFile ? files : windows;
        }
        // Only windows that the server cannot tell apart are fetched.
        var wanted = await AllAsync(unit, selection, cancellation).ConfigureAwait(false);
        var others = new List<Dictionary<long, Candidate>>();
        foreach (float[] vector in unwanted) others.Add(await AllAsync(vector, selection, cancellation).ConfigureAwait(false));
        var (kept, unsure) = (new List<(long Row, long FirstRow)>(), new List<long>());
        foreach (var candidate in wanted.Values)
        {
            double excess = others.Max(other => other[candidate.Row].Score) - candidate.Score;
            if (Math.Abs(excess) <= 2 * Slack) unsure.Add(candidate.Row);
            else if (excess < 0) kept.Add((candidate.Row, candidate.FirstRow));
        }
        foreach (long[] rows in unsure.Chunk(LargestChunk))
            kept.AddRange((await ScoresAsync(rows, unit, unwanted, cancellation).ConfigureAwait(false))
                .Select(found => (found.Row, found.FirstRow)));
        return perFile ? kept.DistinctBy(item => item.FirstRow).LongCount() : kept.Count;
    }

    async Task<Dictionary<long, Candidate>> AllAsync(float[] unit, Selection selection, CancellationToken cancellation) =>
        (await session.NearestAsync(unit, selection, (int)Math.Clamp(session.State.Windows, 1, int.MaxValue), cancellation)
            .ConfigureAwait(false)).ToDictionary(candidate => candidate.Row);

    /// <summary>The windows of some files whose score is not certainly below a least one.</summary>
    public async Task<List<Found>> WindowsOfAsync(float[] unit, IReadOnlyList<float[]> unwanted, IReadOnlyCollection<long> files,
        float least,
        CancellationToken cancellation)
    {
        var candidates = await session.NearestAsync(unit, new Selection { Only = files, LeastScore = least - Slack },
            (int)Math.Min(int.MaxValue, Math.Max(1, session.State.Windows)), cancellation).ConfigureAwait(false);
        var found = new List<Found>(candidates.Count);
        foreach (var chunk in candidates.Chunk(LargestChunk))
            found.AddRange(await ScoresAsync([.. chunk.Select(candidate => candidate.Row)], unit, unwanted, cancellation)
                .ConfigureAwait(false));
        return found;
    }

    static bool Better(Found a, Found b) => a.Score > b.Score || (a.Score == b.Score && a.Row < b.Row);

    async Task<List<Found>> ScoresAsync(long[] rows, float[] unit, IReadOnlyList<float[]> unwanted, CancellationToken cancellation)
    {
        if (rows.Length == 0) return [];
        var windows = await session.WindowsAsync(rows, cancellation).ConfigureAwait(false);
        if (windows.Count != rows.Length)
            throw new IndexCorruptException(place, $"{rows.Length - windows.Count:N0} windows that the search ranked cannot be read");
        return Scored(windows, [.. unit, .. unwanted.SelectMany(vector => vector)]);
    }

    unsafe List<Found> Scored(IReadOnlyList<StoredWindow> windows, float[] queries)
    {
        int stride = format.StrideBytes, count = windows.Count;
        byte* rows = (byte*)NativeMemory.AlignedAlloc((nuint)((long)stride * count), 64);
        try
        {
            for (int i = 0; i < count; i++)
            {
                var row = new Span<byte>(rows + (long)i * stride, stride);
                row.Clear();
                if (windows[i].Vector.Length != format.Dimension) throw Damaged(windows[i]);
                format.Encode(windows[i].Vector, row);
                if (Crc32C.Of(row) != windows[i].Mark.Checksum) throw Damaged(windows[i]);
            }
            var lists = RowSearch.TopK([new RowBlock((nint)rows, count, 0, Excluded: [])], format.Element, format.Dimension, queries,
                count);
            float[][] scores = [.. lists.Select(list => ByRow(list, count))];
            var found = new List<Found>(count);
            for (int i = 0; i < count; i++)
                if (!scores.Skip(1).Any(other => other[i] > scores[0][i]))
                    found.Add(new Found(scores[0][i], windows[i].Mark, windows[i].FirstRow));
            return found;
        }
        finally
        {
            NativeMemory.AlignedFree(rows);
        }
    }

    IndexCorruptException Damaged(StoredWindow window) => new(place,
        $"the vector of row {window.Mark.Row} (file at row {window.FirstRow}) is not what was written; index its file again");

    static float[] ByRow(TopKList list, int count)
    {
        float[] scores = new float[count], byRow = new float[count];
        long[] rows = new long[count];
        list.Drain(scores, rows);
        for (int i = 0; i < count; i++) byRow[rows[i]] = scores[i];
        return byRow;
    }
}

/// <summary>A window with its exact score.</summary>
/// <param name="FirstRow">First row of its file.</param>
internal sealed record Found(float Score, WindowMark Mark, long FirstRow)
{
    public long Row => Mark.Row;
}
