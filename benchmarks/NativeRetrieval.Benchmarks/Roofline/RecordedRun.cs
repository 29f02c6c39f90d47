namespace NativeRetrieval.Benchmarks.Roofline;

/// <summary>One run of a workload: its pieces in order, each with the ways that the backend would time to take the fastest.</summary>
/// <param name="Parameters">Parameters of the model that is trained.</param>
internal sealed record RecordedRun(IReadOnlyList<RecordedPiece> Pieces, long Parameters)
{
    /// <summary>The kernel that splits operands: a way that begins with it is three TF32 products.</summary>
    const string Split = "mat_mul_split_f32";

    /// <summary>The fastest way of each piece on a GPU, priced; without what a run does not wait for.</summary>
    public IReadOnlyList<(RecordedWork Work, WorkCost Cost)> Fastest(Accelerator gpu) =>
        [.. Pieces.SelectMany(piece => piece.Ways.Select(Priced).MinBy(way => way.Sum(item => item.Cost.Seconds(gpu)))!)];

    (RecordedWork Work, WorkCost Cost)[] Priced(IReadOnlyList<RecordedWork> way) =>
        [.. from work in way let cost = WorkCost.Of(work, Parameters) where cost is not null select (work, cost)];

    /// <summary>
    /// A run by the library's own algorithms, and the same by split operands wherever these can be taken; transfers of the host, whose
    /// number depends on the addresses that tensors get, are left out.
    /// </summary>
    /// <exception cref="InvalidOperationException">They differ in more than that.</exception>
    public static RecordedRun Of(IReadOnlyList<RecordedWork> direct, IReadOnlyList<RecordedWork> split, long parameters)
    {
        (direct, split) = (Awaited(direct), Awaited(split));
        var pieces = new List<RecordedPiece>();
        int next = 0;
        foreach (var work in direct)
        {
            int first = next;
            while (next < split.Count && split[next].Name == Split) next++;
            bool isSplit = next > first;
            if (next == split.Count || (isSplit ? split[next].GetType() != work.GetType() : split[next].Name != work.Name))
                throw new InvalidOperationException($"by split operands there is no counterpart of '{work.Name}', piece {pieces.Count}");
            next++;
            pieces.Add(new(isSplit ? [[work], [.. split.Skip(first).Take(next - first)]] : [[work]]));
        }
        if (next < split.Count) throw new InvalidOperationException($"by split operands there is more: '{split[next].Name}'");
        return new(pieces, parameters);

        List<RecordedWork> Awaited(IReadOnlyList<RecordedWork> works) =>
            [.. works.Where(work => WorkCost.Of(work, parameters) is not null)];
    }
}

/// <summary>A piece of work and the ways to do it: launches one after another.</summary>
internal sealed record RecordedPiece(IReadOnlyList<IReadOnlyList<RecordedWork>> Ways);
