using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Evaluation.Data;

namespace NativeRetrieval.Evaluation.Features;

/// <summary>The log-mel of a data set's clips, decoded once into a cache on disk.</summary>
public sealed class FeatureStore
{
    readonly FeatureCache _cache;

    /// <summary>The clips with a window of silence behind them.</summary>
    readonly Lazy<FeatureCache> _silenced;

    readonly ClipFacts[] _facts;

    FeatureStore(FeatureCache cache, Dataset data, ClipFacts[] facts, IReadOnlyList<string> unreadable)
    {
        (_cache, Data, _facts, Unreadable) = (cache, data, facts, unreadable);
        _silenced = new(() => new FeatureCache(cache.Folder,
            cache.Settings with { TrailingSilenceSamples = cache.Settings.LogMel.WindowSamples }));
    }

    /// <summary>The clips that could be decoded, in their order.</summary>
    public Dataset Data { get; }

    /// <summary>One message for each clip that could not be decoded.</summary>
    public IReadOnlyList<string> Unreadable { get; }

    /// <summary>One message for each clip whose file is damaged, and which is used as far as it could be decoded.</summary>
    public IReadOnlyList<string> Damaged =>
        [.. Data.Clips.Zip(_facts).Where(pair => pair.Second.Defect is not null)
            .Select(pair => $"{pair.First.AudioPath}: {pair.Second.Defect}")];

    /// <summary>Sample rate of the features.</summary>
    public int SampleRateHz => _cache.Settings.LogMel.SampleRateHz;

    /// <summary>True where a clip is shorter than the encoder takes; a model whose window every clip fills has none.</summary>
    public bool IsTooShort(int index) => _cache.Settings.FilledSamples is null
        && _facts[index].Samples < FeatureSettings.Of(_cache.Settings.LogMel, _cache.Settings.Resampler).MinimumSamples;

    /// <summary>Frames of clip <paramref name="index"/>.</summary>
    public int Frames(int index) => _facts[index].Frames;

    /// <summary>Facts about clip <paramref name="index"/>.</summary>
    public ClipFacts Facts(int index) => _facts[index];

    /// <summary>SHA-256 of the sound file of clip <paramref name="index"/>.</summary>
    public string ContentHash(int index) => _cache.ContentHash(Data.Clips[index].AudioPath);

    /// <summary>The log-mel of clip <paramref name="index"/>, from the cache.</summary>
    public LogMelClip Load(int index) => _cache.Get(Data.Clips[index].AudioPath);

    /// <summary>Samples of the waveform that clip <paramref name="index"/> is transformed from, what fills a short one included.</summary>
    public int WaveformSamples(int index) =>
        Math.Max(_facts[index].Samples, Math.Max(_cache.Settings.FilledSamples ?? 0, _cache.Settings.MinimumSamples));

    /// <summary>
    /// The log-mel of clip <paramref name="index"/> whose waveform is followed by zeros up to <paramref name="samples"/> samples; of its
    /// own waveform where that is as long.
    /// </summary>
    public LogMelClip LoadPadded(int index, int samples)
    {
        string path = Data.Clips[index].AudioPath;
        int added = samples - WaveformSamples(index);
        if (added <= 0) return Load(index);
        // The last window reflects the waveform at its end: with half a window of zeros there it sees zeros alone.
        if (added < LogMel.WindowSamples / 2)
            return new FeatureExtractor(_cache.Settings with { MinimumSamples = samples, FilledSamples = null }).Extract(path);
        var silenced = _silenced.Value.Get(path);
        int frames = LogMel.FramesOf(samples);
        var values = new float[frames * silenced.MelBins];
        var known = silenced.Values.AsSpan(0, Math.Min(silenced.Values.Length, values.Length));
        known.CopyTo(values);
        values.AsSpan(known.Length).Fill((float)(10 * Math.Log10(LogMel.Floor)));
        return silenced with { Values = values, Frames = frames };
    }

    LogMelSettings LogMel => _cache.Settings.LogMel;

    /// <summary>Fills the cache with what it lacks, on all cores.</summary>
    /// <param name="skipped">Gets one message for each clip that cannot be decoded; the others go on.</param>
    /// <param name="done">Called with the number of clips looked at so far.</param>
    /// <param name="ranks">Ranks that share the work out; those with one folder decode each clip once. Null: this one alone.</param>
    /// <exception cref="OptionException">No clip can be decoded.</exception>
    public static FeatureStore Prepare(FeatureCache cache, Dataset data, ICollection<string> skipped, Action<int>? done,
        CancellationToken cancellation, IProcessGroup? ranks = null)
    {
        if (ranks is { WorldSize: > 1 })
        {
            var own = data with { Clips = [.. data.Clips.Where((_, clip) => clip % ranks.WorldSize == ranks.Rank)] };
            Facts(cache, own, count => done?.Invoke(Math.Min(count * ranks.WorldSize, data.Clips.Count)), cancellation);
            ranks.Barrier();
            done = null; // what is left is read
        }
        var (facts, problems) = Facts(cache, data, done, cancellation);
        foreach (string? problem in problems)
            if (problem is not null) skipped.Add(problem);
        int[] kept = [.. Enumerable.Range(0, facts.Length).Where(i => problems[i] is null)];
        if (kept.Length == 0)
            throw new OptionException($"{data.Path}: none of its {data.Clips.Count} clips can be decoded; "
                + $"the first says: {problems.FirstOrDefault()}");
        return new FeatureStore(cache, data with { Clips = [.. kept.Select(i => data.Clips[i])] }, [.. kept.Select(i => facts[i])],
            [.. problems.OfType<string>()]);
    }

    /// <summary>Facts about each clip, or the reason why it cannot be decoded.</summary>
    static (ClipFacts[] Facts, string?[] Problems) Facts(FeatureCache cache, Dataset data, Action<int>? done,
        CancellationToken cancellation)
    {
        var facts = new ClipFacts[data.Clips.Count];
        var problems = new string?[data.Clips.Count];
        int finished = 0;
        try
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellation };
            Parallel.For(0, data.Clips.Count, options, i =>
            {
                try
                {
                    facts[i] = ClipFacts.Of(cache.Get(data.Clips[i].AudioPath), data.Clips[i].AudioPath, cache.Settings);
                }
                catch (AudioDecodeException e)
                {
                    problems[i] = e.Message;
                }
                done?.Invoke(Interlocked.Increment(ref finished));
            });
        }
        catch (AggregateException e) when (e.InnerException is NativeRetrievalException inner)
        {
            throw inner;
        }
        return (facts, problems);
    }
}
