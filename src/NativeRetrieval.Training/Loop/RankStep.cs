using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;

namespace NativeRetrieval.Training.Loop;

/// <summary>
/// The exchanges of ranks in a step: vectors of the whole batch, sums of the gradients, and running statistics. Each rank compares all
/// vectors and takes the gradient of its own, so that the sum over the ranks is the gradient of one rank with the whole batch.
/// </summary>
internal sealed class RankStep(IProcessGroup group, RetrievalModel model) : IDisposable
{
    GradientReducer? _reducer;
    Tensor[] _reduced = [];
    int[] _versions = [];
    Tensor? _statistics;

    /// <summary>Makes ready for a step.</summary>
    public void Begin()
    {
        Tensor[] trained = [.. InOrderOfBackward().Where(tensor => tensor.RequiresGradient)];
        if (!trained.SequenceEqual(_reduced))
        {
            _reducer?.Dispose();
            (_reducer, _reduced) = (new GradientReducer(group, trained), trained);
        }
        _reducer!.Begin();
        _statistics?.Dispose();
        using var scope = TensorScope.Begin();
        _versions = [.. model.Buffers().Select(buffer => buffer.Tensor.Version)];
        _statistics = model.Buffers().Any() ? TensorScope.Detach(Statistics().Clone()) : null;
    }

    /// <summary>The vectors of all ranks in the order of the batch; to be called once for each step, with this rank's.</summary>
    /// <param name="audio">[n, D]; null: the rank has no item.</param>
    /// <param name="text">Like audio.</param>
    /// <param name="width">D.</param>
    /// <returns>[N, D] each.</returns>
    public (Tensor Audio, Tensor Text) Gather(BatchPlace place, Tensor? audio, Tensor? text, int width)
    {
        using var scope = TensorScope.Begin();
        int most = place.Counts.Max();
        var part = Op.Concat([.. Filled(audio), .. Filled(text)]);
        var all = Tensor.Empty([2 * most * group.WorldSize, width], part.Device, part.DType);
        group.AllGather(part, all).Wait();
        return (scope.Return(Joined(0)), scope.Return(Joined(most)));

        // A collective takes equal parts: zeros fill up those of ranks that have fewer items.
        Tensor[] Filled(Tensor? vectors)
        {
            int count = vectors?.Shape[0] ?? 0;
            return vectors is null ? [Tensor.Zeros([most, width], model.Device)]
                : count == most ? [vectors] : [vectors, Tensor.Zeros([most - count, width], vectors.Device, vectors.DType)];
        }

        Tensor Joined(int offset) =>
            Op.Concat([.. place.Counts.Select((count, rank) => all.Rows(2 * most * rank + offset, count)).Where(rows => rows.Count > 0)]);
    }

    /// <summary>Nothing more is added to the gradient of a parameter.</summary>
    public void Settled(Tensor parameter) => _reducer!.Settled(parameter);

    /// <summary>Ends a step: gradients are the sums over the ranks, and running statistics are the same on all.</summary>
    /// <param name="unequal">
    /// The ranks' parts, where each has moved the running statistics by its own; they become the mean, weighted by items. Null: all have
    /// moved them alike.
    /// </param>
    public void Finish(BatchPlace? unequal)
    {
        _reducer!.Finish();
        using var before = Interlocked.Exchange(ref _statistics, null);
        if (unequal is null || before is null) return;
        using var scope = TensorScope.Begin();
        double share = unequal.Counts[group.Rank] / (double)unequal.Items;
        // Differences: what no rank has moved stays as it is, to the last bit.
        var moved = Op.Scale(Op.Add(Statistics(), Op.Scale(before, -1)), share);
        group.AllReduce(moved).Wait();
        var mean = Op.Add(before, moved);
        int at = 0, number = 0;
        foreach (var (_, buffer) in model.Buffers())
        {
            int count = (int)buffer.Count;
            // What is derived from those of frozen parts stays valid.
            if (share == 0 || buffer.Version != _versions[number]) buffer.CopyFrom(mean.Rows(at, count).Reshape(buffer.Shape));
            at += count;
            number++;
        }
    }

    public void Dispose()
    {
        _reducer?.Dispose();
        _statistics?.Dispose();
    }

    /// <summary>All running statistics, one behind the other.</summary>
    Tensor Statistics() => Op.Concat([.. model.Buffers().Select(buffer => buffer.Tensor.Reshape([(int)buffer.Tensor.Count]))]);

    /// <summary>Captions are embedded behind sounds, and a pass goes backwards: the text's head and encoder, then the sound's.</summary>
    IEnumerable<Tensor> InOrderOfBackward() => model.Parameters().Reverse().OrderBy(item => Array.FindIndex(_order, item.Name.StartsWith))
        .Select(item => item.Tensor);

    static readonly string[] _order = ["text_linear.", "text_enc.", "audio_linear.", "audio_enc."];
}
