using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Evaluation.Data;

namespace NativeRetrieval.Training.Data;

/// <summary>A pair to train on: indices into <see cref="Dataset.Clips"/> and that clip's captions.</summary>
public readonly record struct TrainingItem(int Clip, int Caption);

/// <summary>The items that one epoch goes through.</summary>
public enum CaptionSampling
{
    /// <summary>Every caption once, with its clip, as in the report: Clotho has 19,195 items an epoch.</summary>
    All,

    /// <summary>Every clip once, with one of its captions drawn anew each epoch.</summary>
    OnePerClip,
}

/// <summary>
/// The batches of every epoch. Batch (epoch, step) is a function of the seed and the data alone, so a run is resumed by its position;
/// nothing else has to be stored.
/// </summary>
/// <remarks>
/// Items are listed in the order of the data, then shuffled by Fisher and Yates with stream (<see cref="RandomUse.ItemOrder"/>, epoch);
/// the caption of clip i is drawn from number i of stream (<see cref="RandomUse.CaptionChoice"/>, epoch), at its repetition r from number
/// i + r·clips. A balanced epoch has the same number of items, chosen by systematic sampling: each item as often as its share says,
/// rounded down or up, in an order and from a start that stream (<see cref="RandomUse.Balance"/>, epoch) draws.
/// </remarks>
public sealed class EpochSampler
{
    readonly int[] _captionsPerClip;
    readonly CaptionSampling _captions;
    readonly int _batchSize;
    readonly RunRandom _random;
    readonly long[]? _weights;
    readonly Lock _lock = new();
    (int Epoch, TrainingItem[] Items) _cached = (-1, []);

    /// <summary>Prepares the batches of a run.</summary>
    /// <param name="batchSize">Items per batch, at least 2: a batch of one has no negatives.</param>
    /// <param name="dropLastBatch">Leaves out the items that do not fill a batch; they differ from epoch to epoch. Otherwise they are the
    /// last batch, or join the one before where it is a single item. Data smaller than a batch is one batch either way.</param>
    /// <param name="balance">0 … 1: an item is drawn in proportion to n^−balance, n being the number of clips that carry its caption (of
    /// all of a clip's captions, where one is drawn for each clip: the commonest). 0: all items equally often; 1: all captions.</param>
    /// <exception cref="OptionException">The batch size is below 2, or the data has less than two items.</exception>
    public EpochSampler(
        Dataset data, CaptionSampling captions, int batchSize, bool dropLastBatch, RunRandom random, double balance = 0)
    {
        if (batchSize < 2) throw new OptionException($"batch size {batchSize}: a batch of one has no negatives; at least 2 is needed");
        _captionsPerClip = [.. data.Clips.Select(clip => clip.Captions.Count)];
        (_captions, _batchSize, _random) = (captions, batchSize, random);
        ItemsPerEpoch = captions == CaptionSampling.All ? _captionsPerClip.Sum() : _captionsPerClip.Length;
        if (ItemsPerEpoch < 2)
            throw new OptionException($"{data.Path}: an epoch has {ItemsPerEpoch} pair{(ItemsPerEpoch == 1 ? "" : "s")} of clip and "
                + "caption; a pair is learned against others, so that at least 2 are needed");
        _weights = balance == 0 ? null : Weights(data, balance);
        (int whole, int rest) = Math.DivRem(ItemsPerEpoch, batchSize);
        BatchesPerEpoch = whole == 0 ? 1 : dropLastBatch || rest < 2 ? whole : whole + 1;
        PairsPerEpoch = dropLastBatch && whole > 0 ? whole * batchSize : ItemsPerEpoch;
    }

    /// <summary>Items of an epoch, those included that do not fill a batch.</summary>
    public int ItemsPerEpoch { get; }

    /// <summary>Batches of an epoch.</summary>
    public int BatchesPerEpoch { get; }

    /// <summary>Items of all batches of an epoch: without those that do not fill a batch, where these are left out.</summary>
    public int PairsPerEpoch { get; }

    /// <summary>The items of one batch.</summary>
    /// <param name="epoch">Epoch, from 0.</param>
    /// <param name="step">Batch of the epoch, from 0 to <see cref="BatchesPerEpoch"/> − 1.</param>
    public ReadOnlySpan<TrainingItem> Batch(int epoch, int step)
    {
        if ((uint)step >= (uint)BatchesPerEpoch)
            throw new ArgumentOutOfRangeException(nameof(step), step, $"an epoch has {BatchesPerEpoch} batches");
        int start = step * _batchSize, end = step == BatchesPerEpoch - 1 ? PairsPerEpoch : start + _batchSize;
        return Epoch(epoch).AsSpan(start, end - start);
    }

    TrainingItem[] Epoch(int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        lock (_lock)
        {
            if (_cached.Epoch != epoch) _cached = (epoch, Draw(epoch));
            return _cached.Items;
        }
    }

    TrainingItem[] Draw(int epoch)
    {
        var items = new List<TrainingItem>(ItemsPerEpoch);
        var choice = _random.Stream(RandomUse.CaptionChoice, epoch);
        int[]? times = _weights is null ? null : Times(_weights, epoch);
        for (int clip = 0, item = 0; clip < _captionsPerClip.Length; clip++)
        {
            int captions = _captionsPerClip[clip];
            if (_captions == CaptionSampling.OnePerClip)
            {
                for (int r = 0; r < (times?[clip] ?? 1); r++)
                {
                    ulong number = (ulong)clip + (ulong)r * (ulong)_captionsPerClip.Length;
                    items.Add(new TrainingItem(clip, (int)((ulong)choice.UInt32(number) * (uint)captions >> 32)));
                }
            }
            else for (int caption = 0; caption < captions; caption++, item++)
                for (int r = 0; r < (times?[item] ?? 1); r++) items.Add(new TrainingItem(clip, caption));
        }
        var order = items.ToArray();
        new PhiloxSequence(_random.Stream(RandomUse.ItemOrder, epoch)).Shuffle<TrainingItem>(order);
        return order;
    }

    /// <summary>The weight of each item, in whole numbers, so that sums are exact in any order.</summary>
    long[] Weights(Dataset data, double balance)
    {
        var clipsOf = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var clip in data.Clips)
            foreach (string caption in clip.Captions.Distinct(StringComparer.Ordinal))
                clipsOf[caption] = clipsOf.GetValueOrDefault(caption) + 1;
        var counts = _captions == CaptionSampling.OnePerClip
            ? data.Clips.Select(clip => clip.Captions.Max(caption => clipsOf[caption]))
            : data.Clips.SelectMany(clip => clip.Captions.Select(caption => clipsOf[caption]));
        return [.. counts.Select(count => Math.Max(1, (long)Math.Round((1 << 20) * Math.Pow(count, -balance))))];
    }

    /// <summary>Systematic sampling of as many items as an epoch has; an item may come several times, or not at all.</summary>
    int[] Times(long[] weights, int epoch)
    {
        var random = new PhiloxSequence(_random.Stream(RandomUse.Balance, epoch));
        int[] order = [.. Enumerable.Range(0, weights.Length)];
        random.Shuffle<int>(order);
        Int128 total = weights.Aggregate((Int128)0, (sum, weight) => sum + weight), reached = total * random.NextUInt32() >> 32;
        var times = new int[weights.Length];
        foreach (int item in order)
        {
            Int128 next = reached + (Int128)weights[item] * ItemsPerEpoch;
            times[item] = (int)(next / total - reached / total);
            reached = next;
        }
        return times;
    }
}
