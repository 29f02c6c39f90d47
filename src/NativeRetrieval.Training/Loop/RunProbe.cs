using System.Diagnostics;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Models;
using NativeRetrieval.Nn.Optimizers;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Loop;

/// <summary>
/// Measures a run before it begins: the largest batch of its next epoch forwards and backwards, without an optimizer step. Running
/// statistics and gradients are put back, and randomness is a function of the position: the run that follows is the same to the last bit.
/// </summary>
internal sealed class RunProbe(RetrievalModel model, BatchLoss loss, EpochSampler sampler, FeatureStore training, FeatureStore? validation,
    AdamOptimizer optimizer, TrainingSettings settings, TimeProvider time, int ranks = 1)
{
    // From such a batch on, memory is first extrapolated from two and four clips: two minutes of sound.
    const int LargeBatchFrames = 12_000;
    const int FewClips = 2, MoreClips = 4;

    const int MostTimes = 5;

    static readonly TimeSpan _enough = TimeSpan.FromSeconds(1);
    static readonly TimeSpan _longStep = TimeSpan.FromSeconds(20);

    /// <param name="epoch">Next epoch to train, from 0.</param>
    /// <param name="batch">Next batch of it.</param>
    /// <param name="step">Steps done; the number gives the batch its randomness.</param>
    public RunEstimate Measure(int epoch, int batch, long step, CancellationToken cancellation)
    {
        long[] costs = [.. Enumerable.Range(0, sampler.BatchesPerEpoch).Select(i => Cost(sampler.Batch(epoch, i)))];
        int largest = Array.IndexOf(costs, costs.Max());
        TrainingItem[] items = [.. sampler.Batch(epoch, largest).ToArray().OrderByDescending(item => Frames(item.Clip))];
        // Of several ranks each computes its part; what they exchange is not measured.
        items = items[..Math.Max(2, (items.Length + ranks - 1) / ranks)];
        if (ranks > 1) costs = [.. costs.Select(cost => Math.Max(1, cost / ranks))];
        loss.Prepare();
        bool touched = step > 0 || model.Device is not CpuDevice;
        long moments = touched ? 0 : optimizer.State().Sum(item => item.Tensor.Count) * sizeof(float); // not touched before the first step
        long machine = model.Device.MemoryBytes;
        var (duration, cost) = (TimeSpan.Zero, costs[largest]);
        if (Predicted(items, step, cancellation) is { } predicted && predicted.PeakBytes + moments > machine)
        {
            (duration, cost) = (predicted.Duration, predicted.Cost);
            return Estimate(predicted.PeakBytes + moments);
        }
        duration = Timed(items, step, cancellation);
        // The first time includes compilation and packing; short steps are noisy.
        if (duration < _longStep)
        {
            int times = 0;
            for (duration = TimeSpan.Zero; times < MostTimes && duration < _enough; times++) duration += Timed(items, step, cancellation);
            duration /= times;
        }
        return Estimate(PeakBytes + moments);

        RunEstimate Estimate(long peakBytes)
        {
            double perCost = duration.TotalSeconds / cost, whole = perCost * costs.Sum(), evaluation = ValidationSeconds(cancellation);
            int epochs = settings.Training.Epochs, evaluations = settings.Training.EvaluationsFrom(epoch);
            double left = perCost * costs.Skip(batch).Sum() + whole * (epochs - epoch - 1) + evaluation * evaluations;
            return new RunEstimate(sampler.PairsPerEpoch / whole, Seconds(whole / costs.Length), costs.Length, Seconds(whole),
                Seconds(evaluation), Seconds(left), epochs - epoch, peakBytes, machine);
        }
    }

    /// <summary>Memory of the whole batch from that of a few of its longest clips; null where it is too small to matter.</summary>
    (long PeakBytes, TimeSpan Duration, long Cost)? Predicted(TrainingItem[] items, long step, CancellationToken cancellation)
    {
        int count = BatchLoss.Chunks(items.Length, settings.Training).Max(chunk => chunk.Count);
        if (count <= 2 * MoreClips || count * (long)Frames(items[0].Clip) < LargeBatchFrames) return null;
        Timed(items[..FewClips], step, cancellation);
        long few = model.Device.PeakBytes;
        var duration = Timed(items[..MoreClips], step, cancellation);
        long more = model.Device.PeakBytes;
        return (PeakBytes + (more - few) / (MoreClips - FewClips) * (count - MoreClips), duration, Cost(items.AsSpan(0, MoreClips)));
    }

    TimeSpan Timed(ReadOnlySpan<TrainingItem> items, long step, CancellationToken cancellation)
    {
        var before = model.Buffers().Select(buffer => (buffer.Tensor, Values: buffer.Tensor.ToArray<float>())).ToList();
        long start = time.GetTimestamp();
        try
        {
            loss.AddGradient(items, step, null, cancellation);
        }
        finally
        {
            foreach (var (tensor, values) in before) tensor.CopyFrom<float>(values);
            optimizer.ClearGradients();
        }
        return time.GetElapsedTime(start);
    }

    double ValidationSeconds(CancellationToken cancellation)
    {
        if (validation is null) return 0;
        int clips = validation.Data.Clips.Count;
        int longest = Enumerable.Range(0, clips).MaxBy(validation.Frames);
        TimeSpan duration = default;
        for (int turn = 0; turn < 2; turn++)
        {
            long start = time.GetTimestamp();
            Embedder.Clips(model, 1, _ => validation.Frames(longest), _ => validation.Load(longest), null, cancellation);
            duration = time.GetElapsedTime(start);
        }
        double frames = Enumerable.Range(0, clips).Sum(i => (double)validation.Frames(i));
        return duration.TotalSeconds / ranks / validation.Frames(longest) * frames;
    }

    /// <summary>Frames that a batch computes: its chunks are filled up to their longest clip and a little more.</summary>
    long Cost(ReadOnlySpan<TrainingItem> items)
    {
        long cost = 0;
        foreach (var (start, count) in BatchLoss.Chunks(items.Length, settings.Training))
        {
            int longest = 0;
            foreach (var item in items.Slice(start, count)) longest = Math.Max(longest, Frames(item.Clip));
            cost += (long)count * loss.PaddedTo(longest);
        }
        return cost;
    }

    int Frames(int clip) => Math.Min(training.Frames(clip), ModelFeatures.LongestFrames(model.Config));

    /// <summary>Peak memory of the process, or of a GPU's tensors.</summary>
    long PeakBytes
    {
        get
        {
            if (model.Device is not CpuDevice) return model.Device.PeakBytes;
            using var process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64;
        }
    }

    static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.MaxValue.TotalSeconds / 2));
}
