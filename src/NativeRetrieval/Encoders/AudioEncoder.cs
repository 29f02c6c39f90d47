using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Layers;

namespace NativeRetrieval.Encoders;

/// <summary>One vector per clip from log-mel spectrograms: <c>bn0</c> over the mel bins, then what each kind of encoder does.</summary>
public abstract class AudioEncoder : Module
{
    readonly BatchNorm _bn0;

    private protected AudioEncoder(AudioEncoderConfig config, Device device, DType dtype)
    {
        config.Validate();
        Config = config;
        _bn0 = Child("bn0", new BatchNorm(config.MelBins, device, dtype, axis: 3));
    }

    /// <summary>Sizes and choices that the encoder was built from.</summary>
    public AudioEncoderConfig Config { get; }

    /// <summary>Width of the vector.</summary>
    public int Width => Config.Width;

    /// <summary>
    /// The encoder's parts from the input on, each with all its parameters: the order in which layers are frozen by depth.
    /// </summary>
    public IReadOnlyList<Module> Stages => [_bn0, .. StagesAfterNorm];

    /// <summary>The encoder that the configuration describes.</summary>
    /// <param name="random">Xavier-uniform kernels are drawn from it; null: zeros, for weights read from a file.</param>
    /// <param name="dtype">float32, or float64 for checks.</param>
    /// <exception cref="OptionException">A value of <paramref name="config"/> is outside its range.</exception>
    public static AudioEncoder Create(AudioEncoderConfig config, Device device, PhiloxSequence? random, DType dtype = DType.Float32) =>
        config.Architecture.Create(config, device, random, dtype);

    /// <param name="logMel">[N, 1, T, F], dB, contiguous.</param>
    /// <param name="lengths">Frames of each clip that are not padding, 1 … T; null: all are real. Values behind them do not matter.</param>
    /// <param name="pass">Null for evaluation, as stages that are not trainable always run.</param>
    /// <param name="masks">SpecAugment in training; null: none.</param>
    /// <returns>[N, Width].</returns>
    public Tensor Forward(Tensor logMel, int[]? lengths, TrainingPass? pass = null, SpecAugmentOptions? masks = null)
    {
        using var scope = TensorScope.Begin();
        return scope.Return(Forward(logMel, FrameLengths.TableOf(lengths, logMel), pass, masks));
    }

    /// <summary>The vectors of clips whose inputs are on the device: nothing is uploaded.</summary>
    /// <param name="pass">Null for evaluation, as stages that are not trainable always run.</param>
    /// <param name="masks">SpecAugment in training; null: none.</param>
    /// <returns>[N, Width].</returns>
    public Tensor Forward(SoundInputs sounds, TrainingPass? pass = null, SpecAugmentOptions? masks = null) =>
        Forward(sounds.LogMel, sounds.OwnFrames, pass, masks);

    Tensor Forward(Tensor logMel, Tensor? ownFrames, TrainingPass? pass, SpecAugmentOptions? masks)
    {
        using var scope = TensorScope.Begin();
        var own = FrameLengths.Of(ownFrames);
        var x = _bn0.Forward(logMel, own.Tensor, _bn0.IsTrainable ? pass : null);
        if (pass is not null && masks is not null)
            x = Op.SpecAugment(x, own.Tensor, masks, pass.NextStream(masks.NumbersPerClip));
        return scope.Return(Embed(x, own, pass));
    }

    /// <summary>
    /// <see cref="Op.LogMel"/>, then <see cref="Forward(SoundInputs, TrainingPass, SpecAugmentOptions)"/> in evaluation, in which bn0 is
    /// part of the spectrogram's own pass. No gradient flows back to bn0.
    /// </summary>
    /// <param name="waveform">[N, T], mono, full scale ±1.</param>
    /// <param name="lengths">Samples of each clip that are its own, as <see cref="Op.LogMel"/> takes them; null: all.</param>
    /// <param name="settings">The model's front end; it makes as many mel bins as the encoder takes.</param>
    /// <returns>[N, Width].</returns>
    public Tensor ForwardWaveform(Tensor waveform, int[]? lengths, LogMelSettings settings)
    {
        using var scope = TensorScope.Begin();
        var (scale, shift) = _bn0.Folded();
        var samples = lengths is null ? null : Tensor.From(lengths, [lengths.Length], waveform.Device);
        var x = Op.LogMel(waveform, settings, samples, new(scale, shift));
        return scope.Return(Embed(x, FrameLengths.Of(lengths is null ? null : [.. lengths.Select(settings.FramesOf)], x), pass: null));
    }

    /// <summary>The parts after bn0.</summary>
    private protected abstract IEnumerable<Module> StagesAfterNorm { get; }

    /// <summary>All that follows bn0 and the masks.</summary>
    /// <param name="x">[N, 1, T, F].</param>
    /// <returns>[N, Width].</returns>
    private protected abstract Tensor Embed(Tensor x, FrameLengths own, TrainingPass? pass);
}
