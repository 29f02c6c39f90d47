using Microsoft.Extensions.AI;
using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Hosting.Batching;
using NativeRetrieval.Models;

namespace NativeRetrieval.Hosting.Generators;

/// <summary>
/// Unit vectors of sounds, in the space of the sentences' own (<see cref="TextEmbeddingGenerator"/>). A sound is the bytes of a file of
/// any kind that <see cref="AudioDecoder"/> reads. One that is longer than the model's window is cut into such windows, one behind the
/// other, the last moved back to end with the sound, and its vector is the mean of theirs brought to length 1. Calls may come from any
/// number of threads: windows that wait at one time go through the model together.
/// </summary>
public sealed class AudioEmbeddingGenerator : IEmbeddingGenerator<DataContent, Embedding<float>>
{
    const string Kind = "audio";
    const int WindowsAtOnce = 4;

    /// <summary>Name of an embedding's additional property: a sentence about damage that was got past, where there was some.</summary>
    public const string Damage = "nativeretrieval.damage";

    /// <summary>Names of the usage's additional counts: windows of the sounds, and their length in milliseconds.</summary>
    public const string Windows = "windows", Milliseconds = "audio_milliseconds";

    readonly RetrievalModelConfig _config;
    readonly GeneratorContract _contract;
    readonly PassQueue<float[]> _queue;
    readonly EmbeddingLimits _limits;
    readonly SemaphoreSlim _open;

    /// <param name="engine">The model, which outlives the generator.</param>
    /// <param name="limits">Sizes of queue, passes and sounds; null: the defaults.</param>
    /// <exception cref="OptionException">A limit is out of its range, or the engine was opened for sentences alone.</exception>
    public AudioEmbeddingGenerator(RetrievalEngine engine, EmbeddingLimits? limits = null)
    {
        _limits = limits is null ? new() : limits with { };
        _contract = new GeneratorContract(engine, _limits, without: ModelParts.Text);
        _config = engine.Model.Config;
        _open = new SemaphoreSlim(_limits.WindowsInPass);
        _queue = new PassQueue<float[]>(Kind, _limits.Waiting, _limits.WindowsInPass, _contract.Dimension,
            windows => engine.EmbedSamples(windows));
    }

    /// <summary>
    /// The vectors of sounds, in their order. Either all are embedded, or the call fails with the first reason. The usage counts
    /// <see cref="Windows"/> and <see cref="Milliseconds"/> of sound.
    /// </summary>
    /// <param name="values">
    /// Files of sound. The media type is <c>audio/…</c>, <c>video/…</c> for the sound of a film, <c>application/ogg</c>, or
    /// <c>application/octet-stream</c> where it is not known; the content decides how it is decoded.
    /// </param>
    /// <param name="options">
    /// <c>Dimensions</c> and <c>ModelId</c> may be absent or the model's own; what else it holds has no meaning here.
    /// </param>
    /// <exception cref="AudioDecodeException">A sound is empty, of another media type, longer than
    /// <see cref="EmbeddingLimits.SoundSeconds"/>, or cannot be decoded.</exception>
    /// <exception cref="OptionException">An option is not the model's, or a value is null.</exception>
    /// <exception cref="FileWriteException">There is no room for the temporary file that a sound is decoded from.</exception>
    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<DataContent> values,
        EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        return GeneratorMetrics.MeasureAsync(Kind, () => EmbedAsync([.. values], options, cancellationToken));
    }

    async Task<GeneratedEmbeddings<Embedding<float>>> EmbedAsync(DataContent[] sounds, EmbeddingGenerationOptions? options,
        CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        _contract.Check(options);
        string[] names = [.. sounds.Select(SoundContent.Require)];
        var heard = new HeardSound[sounds.Length];
        var bounds = new ParallelOptions { MaxDegreeOfParallelism = _limits.WindowsInPass, CancellationToken = cancellation };
        await Parallel.ForEachAsync(Enumerable.Range(0, sounds.Length), bounds,
            async (i, stop) => heard[i] = await HearAsync(sounds[i], names[i], stop).ConfigureAwait(false)).ConfigureAwait(false);
        return new(heard.Select(sound => _contract.Embedding(sound.Vector(),
            sound.Damage is { } damage ? new() { [Damage] = damage } : null)))
        {
            Usage = new UsageDetails
            {
                AdditionalCounts = new()
                {
                    [Windows] = heard.Sum(sound => (long)sound.Windows),
                    [Milliseconds] = heard.Sum(sound => (long)Math.Round(1000 * sound.Seconds)),
                },
            },
        };
    }

    async Task<HeardSound> HearAsync(DataContent sound, string name, CancellationToken cancellation)
    {
        await _open.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            using var file = new TemporarySound(sound.Data);
            return await file.ReadAsync(name, path => HearFileAsync(path, name, cancellation)).ConfigureAwait(false);
        }
        finally
        {
            _open.Release();
        }
    }

    async Task<HeardSound> HearFileAsync(string path, string name, CancellationToken cancellation)
    {
        int rate = _config.LogMel.SampleRateHz, length = _config.LongestSamples;
        var stream = AudioDecoder.Open(path);
        double? stated = (double?)stream.LengthFrames / stream.SampleRateHz;
        using var reader = WindowReader.Over(name, stream, rate, length, length, ResamplerPreset.Parse(_config.Resampler));
        RequireLength(stated ?? 0, name);
        var heard = new HeardSound(_contract.Dimension);
        var batch = new List<float[]>(WindowsAtOnce);
        while (reader.Read() is { } window)
        {
            RequireLength(heard.Seconds = window.EndSeconds, name);
            batch.Add(window.Samples);
            if (batch.Count == WindowsAtOnce) await FlushAsync().ConfigureAwait(false);
        }
        await FlushAsync().ConfigureAwait(false);
        heard.Damage = reader.Defect;
        return heard.Windows > 0 ? heard : throw new AudioDecodeException(name, "holds no samples that can be decoded");

        async Task FlushAsync()
        {
            heard.Add(await _queue.EmbedAsync(batch, cancellation).ConfigureAwait(false));
            batch.Clear();
        }
    }

    void RequireLength(double seconds, string name)
    {
        if (seconds > _limits.SoundSeconds)
            throw new AudioDecodeException(name, FormattableString.Invariant($"has more than {_limits.SoundSeconds:0.#} s, the most that ")
                + $"one vector is made of; cut it, index it in windows, or raise {nameof(EmbeddingLimits)}.{nameof(_limits.SoundSeconds)}");
    }

    /// <summary>The generator, its <see cref="EmbeddingGeneratorMetadata"/> or its <see cref="RetrievalEngine"/>; null for other
    /// types and where a key is given.</summary>
    public object? GetService(Type serviceType, object? serviceKey = null) => _contract.Service(this, serviceType, serviceKey);

    /// <summary>Waits for the pass that runs; calls that wait fail. The engine stays open.</summary>
    public void Dispose() => _queue.Dispose();
}
