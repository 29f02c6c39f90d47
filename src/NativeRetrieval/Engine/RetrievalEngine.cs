using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Audio.Features;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;

namespace NativeRetrieval.Engine;

/// <summary>
/// A trained model in use: vectors of sentences and of sounds, and search over an index of them. A host opens it once and keeps it.
/// Members may be called from several threads; model work is done one call at a time.
/// </summary>
public sealed class RetrievalEngine : IDisposable
{
    /// <summary>
    /// Frames of log-mel that are embedded at once: enough to fill a GPU; on the CPU four clips of ten seconds, because the maps of
    /// more would take memory for nothing.
    /// </summary>
    int BatchFrames => Model.Device is CpuDevice ? 4_004 : 12_000;

    readonly Lock _lock = new();
    readonly FeatureExtractor _features;
    readonly CapturedWork _captured;

    RetrievalEngine(string folder, RetrievalModel model, string fingerprint, TextPrecision textPrecision)
    {
        (Folder, Model, Fingerprint, TextPrecision) = (Path.GetFullPath(folder), model, fingerprint, textPrecision);
        _features = new FeatureExtractor(FeatureSettings.Of(
            model.Config.LogMel, ResamplerPreset.Parse(model.Config.Resampler), filled: model.Config.FilledSamples,
            silenced: model.Config.SilencedSamples));
        _captured = new CapturedWork(model.Device);
    }

    /// <summary>The model folder, in full.</summary>
    public string Folder { get; }

    /// <summary>The model itself; it belongs to the engine, which replays its batches: its weights stay as they are.</summary>
    public RetrievalModel Model { get; }

    /// <summary>SHA-256 of configuration, weights and vocabulary: an index of another model is refused by it.</summary>
    public string Fingerprint { get; }

    /// <summary>Precision of the text encoder, where the engine reads.</summary>
    public TextPrecision TextPrecision { get; }

    /// <param name="modelFolder">A folder that training or conversion has written.</param>
    /// <param name="parts">Encoders to open: sentences alone can be embedded with half of a model, sounds alone with the other.</param>
    /// <param name="textPrecision">
    /// Precision of the text encoder. In 8 bits sentences are read faster and in less memory, and their vectors differ a little: an index
    /// of float32 vectors is searched as it is.
    /// </param>
    /// <exception cref="OptionException">The device does not have the precision.</exception>
    /// <exception cref="CorruptFileException">The folder holds no intact model.</exception>
    public static RetrievalEngine Open(string modelFolder, Device device, ModelParts parts = ModelParts.Both,
        TextPrecision textPrecision = TextPrecision.Float32)
    {
        var (model, fingerprint) = ModelFolder.Open(modelFolder, device, adjust: null, tokenizer: null, parts, textPrecision,
            forInference: true);
        return new(modelFolder, model, fingerprint, textPrecision);
    }

    /// <summary>
    /// Opens the same model on the same device once more, or another part of it; the vocabulary is in memory once.
    /// </summary>
    /// <param name="textPrecision">Precision of the text encoder; null: the same.</param>
    /// <exception cref="OptionException">The device does not have the precision.</exception>
    /// <exception cref="CorruptFileException">The folder holds no intact model any more, or another one.</exception>
    public RetrievalEngine OpenAgain(ModelParts parts, TextPrecision? textPrecision = null)
    {
        var precision = textPrecision ?? TextPrecision;
        var (model, fingerprint) = ModelFolder.Open(Folder, Model.Device, adjust: null, Model.TextTokenizer, parts, precision,
            forInference: true);
        if (fingerprint == Fingerprint) return new(Folder, model, fingerprint, precision);
        model.Dispose();
        throw new CorruptFileException(Folder, "holds another model than when it was opened: configuration, weights or vocabulary were "
            + "changed meanwhile; run this again, and leave the folder as it is until it is done");
    }

    /// <summary>The unit vectors of sentences, [count, D], row-major.</summary>
    public float[] EmbedTexts(IReadOnlyList<string> texts) => ReadTexts(texts).Vectors;

    /// <summary>The unit vectors of sentences in the space of sounds, and those of the text encoder alone.</summary>
    public TextVectors ReadTexts(IReadOnlyList<string> texts)
    {
        lock (_lock)
            return RetrievalTelemetry.Embedded("text", texts.Count, () => Embedder.ReadTexts(Model, texts, captured: _captured));
    }

    /// <summary>A query bank of sentences, by this model.</summary>
    /// <param name="sentences">At least ten; best some hundreds of captions or questions of all kinds.</param>
    /// <param name="cache">
    /// Folder that keeps their vectors, so that the same sentences are embedded once by each model; created if absent, and of no harm where
    /// it cannot be written. Null: none.
    /// </param>
    /// <param name="embedding">Called before sentences are embedded, which takes minutes for thousands and a large model.</param>
    /// <exception cref="OptionException">There are fewer than ten, one is empty, or has more tokens than the model reads.</exception>
    public QueryBank EmbedQueryBank(IReadOnlyList<string> sentences, string? cache = null, Action? embedding = null)
    {
        QueryBank.RequireEnough(sentences.Count, "query bank");
        for (int i = 0; i < sentences.Count; i++)
            if (string.IsNullOrWhiteSpace(sentences[i])) throw new OptionException($"query bank: sentence {i + 1} is empty; leave it out");
        int width = Model.Config.EmbeddingDimension;
        return new QueryBank(cache is null ? Embed() : new QueryBankCache(cache).GetOrAdd(this, sentences, width, Embed), width);

        float[] Embed()
        {
            embedding?.Invoke();
            return EmbedTexts(sentences);
        }
    }

    /// <summary>The windows of a recording with their unit vectors. A recording of any length is read in bounded memory.</summary>
    /// <param name="windowSeconds">Length of a window; a shorter recording is one window.</param>
    /// <param name="hopSeconds">Time from one window's start to the next; at most the window.</param>
    /// <param name="damaged">Gets a sentence about damage that was met and got past.</param>
    /// <exception cref="AudioDecodeException">The file cannot be decoded.</exception>
    public IReadOnlyList<AudioWindow> EmbedFile(string path, double windowSeconds, double hopSeconds,
        CancellationToken cancellation = default, Action<string>? damaged = null) =>
        EmbedStream(AudioDecoder.Open(path), path, windowSeconds, hopSeconds, cancellation, damaged);

    /// <summary>The windows of a sound that is open, with their unit vectors: those of a file with the same samples.</summary>
    /// <param name="stream">The sound, from where it stands to its end; it is closed. Its length is not bounded.</param>
    /// <param name="name">Name of the sound in messages.</param>
    /// <param name="windowSeconds">Length of a window; a shorter sound is one window.</param>
    /// <param name="hopSeconds">Time from one window's start to the next; at most the window.</param>
    /// <param name="damaged">Gets a sentence about damage that was met and got past.</param>
    /// <exception cref="AudioDecodeException">The sound is damaged, empty, or of a rate too far from the model's.</exception>
    /// <exception cref="OptionException">Window or hop is out of range.</exception>
    public IReadOnlyList<AudioWindow> EmbedStream(IAudioStream stream, string name, double windowSeconds, double hopSeconds,
        CancellationToken cancellation = default, Action<string>? damaged = null)
    {
        int rate = Model.Config.LogMel.SampleRateHz;
        using var reader = WindowReader.Over(name, stream, rate, (int)Math.Round(windowSeconds * rate), (int)Math.Round(hopSeconds * rate),
            _features.Settings.Resampler);
        CheckWindow(windowSeconds);
        using var batch = new WindowBatch(_features, rate);
        var windows = new List<AudioWindow>();
        while (reader.Advance())
        {
            cancellation.ThrowIfCancellationRequested();
            batch.Add(reader);
            if (batch.Frames >= BatchFrames) windows.AddRange(Embed(batch));
        }
        if (batch.Count > 0) windows.AddRange(Embed(batch));
        if (reader.Defect is { } defect) damaged?.Invoke($"{name}: {defect}");
        return windows.Count > 0 ? windows : throw new AudioDecodeException(name, "holds no samples that can be decoded");
    }

    IReadOnlyList<AudioWindow> Embed(WindowBatch batch)
    {
        lock (_lock)
            return RetrievalTelemetry.Embedded("audio", batch.Count, () => batch.Take(Model.Device,
                waveforms => Embedder.Waveforms(Model, waveforms, _captured).ToArray<float>()));
    }

    /// <summary>The unit vectors of sounds that are decoded already, [count, D], row-major; each is one window.</summary>
    /// <param name="sounds">Samples of each: mono, at the model's sample rate, full scale ±1; at least one.</param>
    /// <exception cref="AudioDecodeException">A sample is not a finite number.</exception>
    /// <exception cref="OptionException">A sound is longer than the model's encoder takes.</exception>
    /// <exception cref="ShapeException">A sound has no sample.</exception>
    public float[] EmbedSamples(IReadOnlyList<float[]> sounds, CancellationToken cancellation = default)
    {
        var logMel = Model.Config.LogMel;
        var waveforms = new float[sounds.Count][];
        for (int i = 0; i < waveforms.Length; i++)
        {
            CheckWindow((double)sounds[i].Length / logMel.SampleRateHz);
            SampleRange.Check($"sound {i}", sounds[i], channels: 1, firstFrame: 0);
            waveforms[i] = _features.Waveform(sounds[i]);
        }
        int frames = waveforms.Select(waveform => logMel.FramesOf(waveform.Length)).DefaultIfEmpty(1).Max();
        return [.. waveforms.Chunk(Math.Max(1, BatchFrames / frames)).SelectMany(batch => EmbedWaveforms(batch, cancellation))];
    }

    float[] EmbedWaveforms(IReadOnlyList<float[]> waveforms, CancellationToken cancellation)
    {
        lock (_lock)
            return RetrievalTelemetry.Embedded("audio", waveforms.Count,
                () => Embedder.Waveforms(Model, waveforms, cancellation, _captured));
    }

    /// <summary>Settings of an index of this model.</summary>
    public IndexSettings IndexSettings(double? windowSeconds = null, double? hopSeconds = null)
    {
        double window = windowSeconds ?? Model.Config.MaxSeconds;
        CheckWindow(window);
        return new()
        {
            ModelId = Folder, ModelFingerprint = Fingerprint, Dimension = Model.Config.EmbeddingDimension,
            WindowSeconds = window, HopSeconds = hopSeconds ?? window / 2,
        };
    }

    void CheckWindow(double seconds)
    {
        var (encoder, logMel) = (Model.Config.AudioEncoder, Model.Config.LogMel);
        if (encoder.MostFrames is not { } most || Math.Round(seconds * logMel.SampleRateHz) / logMel.HopSamples < most) return;
        throw new OptionException($"a window of {seconds} s is too long: this model's {encoder.Name} takes at most {most} frames, "
            + $"under {(double)most * logMel.HopSamples / logMel.SampleRateHz} s; its own window is {Model.Config.MaxSeconds} s");
    }

    /// <summary>The stretches of sound that a sentence describes, best first.</summary>
    public Task<IReadOnlyList<SearchHit>> SearchAsync(IAudioIndex index, string query, AudioSearchOptions? options = null,
        CancellationToken cancellation = default)
    {
        if (string.IsNullOrWhiteSpace(query))
            throw new OptionException("the query is empty; describe a sound, such as \"a dog is barking\"");
        return index.SearchAsync(EmbedTexts([query]), options, cancellation);
    }

    /// <summary>Frees the model.</summary>
    public void Dispose()
    {
        _captured.Dispose();
        Model.Dispose();
        if (Model.Device is CpuDevice cpu) cpu.ReleaseIdle();
    }
}
