using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Data;

namespace NativeRetrieval.Evaluation.Features;

/// <summary>The log-mel of a data set's clips, decoded once into a cache on disk.</summary>
public sealed class FeatureStore
{
    readonly FeatureCache _cache;
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

    /// <summary>Length in samples to which shorter clips are padded.</summary>
    public int MinimumSamples => _cache.Settings.MinimumSamples;

    /// <summary>True where clips are repeated up to a model's window, so that none is too short.</summary>
    public bool RepeatsShortClips => _cache.Settings.FilledSamples is not null;

    /// <summary>Frames of clip <paramref name="index"/>.</summary>
    public int Frames(int index) => _facts[index].Frames;

    /// <summary>Facts about clip <paramref name="index"/>.</summary>
    public ClipFacts Facts(int index) => _facts[index];

    /// <summary>SHA-256 of the sound file of clip <paramref name="index"/>.</summary>
    public string ContentHash(int index) => _cache.ContentHash(Data.Clips[index].AudioPath);

    /// <summary>The log-mel of clip <paramref name="index"/>, from the cache.</summary>
    public LogMelClip Load(int index) => _cache.Get(Data.Clips[index].AudioPath);

    /// <summary>The log-mel of clip <paramref name="index"/> with a window of silence behind it.</summary>
    public LogMelClip LoadFollowedBySilence(int index) => _silenced.Value.Get(Data.Clips[index].AudioPath);

    /// <summary>Fills the cache with what it lacks, on all cores.</summary>
    /// <param name="skipped">Gets one message for each clip that cannot be decoded; the others go on.</param>
    /// <param name="done">Called with the number of clips looked at so far.</param>
    /// <exception cref="OptionException">No clip can be decoded.</exception>
    public static FeatureStore Prepare(FeatureCache cache, Dataset data, ICollection<string> skipped, Action<int>? done,
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
        foreach (string? problem in problems)
            if (problem is not null) skipped.Add(problem);
        int[] kept = [.. Enumerable.Range(0, facts.Length).Where(i => problems[i] is null)];
        if (kept.Length == 0)
            throw new OptionException($"{data.Path}: none of its {data.Clips.Count} clips can be decoded; "
                + $"the first says: {problems.FirstOrDefault()}");
        return new FeatureStore(cache, data with { Clips = [.. kept.Select(i => data.Clips[i])] }, [.. kept.Select(i => facts[i])],
            [.. problems.OfType<string>()]);
    }
}
