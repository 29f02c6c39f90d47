namespace NativeRetrieval.Benchmarks.Roofline;

/// <summary>One run of a workload: its pieces in order, each with the ways that the backend would time to take the fastest.</summary>
/// <param name="Parameters">Parameters of the model that is trained.</param>
internal sealed record RecordedRun(IReadOnlyList<RecordedPiece> Pieces, long Parameters)
{
    /// <summary>
    /// The kernels that another way than the library's begins with: splitting operands for three TF32 products, as often as there are
    /// operands before the library's call; and transforming a convolution's input for products between two kernels.
    /// </summary>
    const string Split = "mat_mul_split_f32", Transform = "packed_conv2d_input_f32";

    /// <summary>A transform's launches: of the input, the products, of the result.</summary>
    const int TransformLaunches = 3;

    /// <summary>The fastest way of each piece on a GPU, priced; without what a run does not wait for.</summary>
    public IReadOnlyList<(RecordedWork Work, WorkCost Cost)> Fastest(Accelerator gpu) =>
        [.. Pieces.SelectMany(piece => piece.Ways.Select(Priced).MinBy(way => way.Sum(item => item.Cost.Seconds(gpu)))!)];

    (RecordedWork Work, WorkCost Cost)[] Priced(IReadOnlyList<RecordedWork> way) =>
        [.. from work in way let cost = WorkCost.Of(work, Parameters) where cost is not null select (work, cost)];

    /// <summary>A run by one way.</summary>
    public static RecordedRun Of(IReadOnlyList<RecordedWork> works, long parameters) =>
        new([.. works.Select(work => new RecordedPiece([[work]]))], parameters);

    /// <summary>The run with the copies of its replay in place of its own, behind all else; null: as it is.</summary>
    public RecordedRun WithTransfers(IReadOnlyList<RecordedTransfer>? transfers) => transfers is null ? this
        : new([.. Pieces.Where(piece => piece.Ways[0][0] is not RecordedTransfer { IsOfReplay: true }),
            .. transfers.Select(transfer => new RecordedPiece([[transfer]]))], Parameters);

    /// <summary>
    /// A run by the library's own algorithms, and the same by other ways wherever these can be taken; values that come from the host are
    /// left out.
    /// </summary>
    /// <exception cref="InvalidOperationException">They differ in more than that.</exception>
    public static RecordedRun Of(IReadOnlyList<RecordedWork> direct, IReadOnlyList<RecordedWork> other, long parameters)
    {
        (direct, other) = (Awaited(direct), Awaited(other));
        var pieces = new List<RecordedPiece>();
        int next = 0;
        foreach (var work in direct)
        {
            int first = next;
            if (next < other.Count && other[next].Name == Transform) next += TransformLaunches - 1;
            while (next < other.Count && other[next].Name == Split) next++;
            bool isOther = next > first;
            if (next >= other.Count || (isOther ? !Replaces(first, next, work) : other[next].Name != work.Name))
                throw new InvalidOperationException($"by another way there is no counterpart of '{work.Name}', piece {pieces.Count}");
            next++;
            pieces.Add(new(isOther ? [[work], [.. other.Skip(first).Take(next - first)]] : [[work]]));
        }
        if (next < other.Count) throw new InvalidOperationException($"by another way there is more: '{other[next].Name}'");
        return new(pieces, parameters);

        bool Replaces(int first, int last, RecordedWork work) =>
            other[first].Name == Transform ? work is RecordedConvolution : other[last].GetType() == work.GetType();

        List<RecordedWork> Awaited(IReadOnlyList<RecordedWork> works) =>
            [.. works.Where(work => WorkCost.Of(work, parameters) is not null)];
    }
}

/// <summary>A piece of work and the ways to do it: launches one after another.</summary>
internal sealed record RecordedPiece(IReadOnlyList<IReadOnlyList<RecordedWork>> Ways);
