using System.Diagnostics;
using System.Globalization;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Models;
using NativeRetrieval.Nn.Optimizers;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Loop;

/// <summary>
/// Measures a run before it begins: the largest batch of its next epoch forwards and backwards, without an optimizer step. Running
/// statistics and gradients are put back, and randomness is a function of the position: the run that follows is the same to the last bit.
/// Ranks measure together, each its part and the exchange; the slowest and the largest of them counts.
/// </summary>
internal sealed class RunProbe(RetrievalModel model, BatchLoss loss, EpochSampler sampler, FeatureStore training, FeatureStore? validation,
    AdamOptimizer optimizer, TrainingSettings settings, TimeProvider time, Ranks ranks)
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
        loss.Prepare();
        bool touched = step > 0 || model.Device is not CpuDevice;
        long moments = touched ? 0 : optimizer.State().Sum(item => item.Tensor.Count) * sizeof(float); // not touched before the first step
        long machine = MachineBytes();
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
        return Estimate(Largest(PeakBytes) + moments);

        RunEstimate Estimate(long peakBytes)
        {
            double evaluation = TimeSpan.FromTicks(Largest(Seconds(ValidationSeconds(cancellation)).Ticks)).TotalSeconds;
            double perCost = duration.TotalSeconds / cost, whole = perCost * costs.Sum();
            int epochs = settings.Training.Epochs, evaluations = settings.Training.EvaluationsFrom(epoch);
            double left = perCost * costs.Skip(batch).Sum() + whole * (epochs - epoch - 1) + evaluation * evaluations;
            return new RunEstimate(sampler.PairsPerEpoch / whole, Seconds(whole / costs.Length), costs.Length, Seconds(whole),
                Seconds(evaluation), Seconds(left), epochs - epoch, peakBytes, machine) { Ranks = ranks.Count };
        }
    }

    /// <summary>Memory of the whole batch from that of a few of its longest clips; null where it is too small to matter.</summary>
    (long PeakBytes, TimeSpan Duration, long Cost)? Predicted(TrainingItem[] items, long step, CancellationToken cancellation)
    {
        var chunks = BatchLoss.Chunks(items.Length, settings.Training);
        int count = chunks.Count > 1 ? chunks.Max(chunk => chunk.Count) : (items.Length + ranks.Count - 1) / ranks.Count;
        if (count <= 2 * MoreClips || count * (long)Frames(items[0].Clip) < LargeBatchFrames) return null;
        var (few, more) = (items[..(FewClips * ranks.Count)], items[..(MoreClips * ranks.Count)]);
        Timed(few, step, cancellation);
        long before = model.Device.PeakBytes;
        var duration = Timed(more, step, cancellation);
        long perClip = (model.Device.PeakBytes - before) / (MoreClips - FewClips);
        return (Largest(PeakBytes + perClip * (count - MoreClips)), duration, Cost(more));
    }

    TimeSpan Timed(ReadOnlySpan<TrainingItem> items, long step, CancellationToken cancellation)
    {
        RankJob.ThrowIfAnyIsCancelled(ranks.Group, cancellation);
        var before = model.Buffers().Select(buffer => (buffer.Tensor, Values: buffer.Tensor.ToArray<float>())).ToList();
        long start = time.GetTimestamp();
        try
        {
            // As a step would free them.
            Action<Tensor>? settled = settings.Training.GradientClip > 0 ? null : static parameter => parameter.ClearGradient();
            loss.AddGradient(items, step, null, ranks.Count > 1 ? CancellationToken.None : cancellation, settled);
        }
        finally
        {
            foreach (var (tensor, values) in before) tensor.CopyFrom<float>(values);
            optimizer.ClearGradients();
        }
        return TimeSpan.FromTicks(Largest(time.GetElapsedTime(start).Ticks));
    }

    /// <summary>The largest value of all ranks, for the same decisions on each.</summary>
    long Largest(long own) => ranks.Exchange($"{own}").Max(text => long.Parse(text, CultureInfo.InvariantCulture));

    /// <summary>Memory that a rank may use: of a machine's, on which others compute, too, its part.</summary>
    long MachineBytes()
    {
        long own = model.Device.MemoryBytes;
        if (model.Device is not CpuDevice) return -Largest(-own);
        int here = ranks.Exchange(Environment.MachineName).Count(name => name == Environment.MachineName);
        return -Largest(-own / here);
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
        return duration.TotalSeconds / ranks.Count / validation.Frames(longest) * frames;
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
