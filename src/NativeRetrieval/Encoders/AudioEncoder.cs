using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;

namespace NativeRetrieval.Encoders;

/// <summary>From log-mel spectrograms to one vector per clip.</summary>
public abstract class AudioEncoder : Module
{
    /// <summary>What the encoder was built from.</summary>
    public abstract AudioEncoderConfig Config { get; }

    /// <summary>Width of the vector.</summary>
    public int Width => Config.Width;

    /// <summary>The encoder's parts from the input on, each with all its parameters: the order in which layers are frozen by depth.</summary>
    public abstract IReadOnlyList<Module> Stages { get; }

    /// <summary>The encoder that the configuration describes.</summary>
    /// <param name="random">Starting values are drawn from it; null: zeros, for weights read from a file.</param>
    /// <param name="dtype">float32, or float64 for checks.</param>
    /// <exception cref="OptionException">A value of <paramref name="config"/> is outside its range.</exception>
    public static AudioEncoder Create(AudioEncoderConfig config, Device device, PhiloxSequence? random, DType dtype = DType.Float32) => config switch
    {
        Cnn14Config cnn14 => new Cnn14(cnn14, device, random, dtype),
        _ => throw new OptionException($"no encoder is known for {config.Name}"),
    };

    /// <param name="logMel">[N, 1, T, F], dB, contiguous.</param>
    /// <param name="lengths">Frames of each clip that are not padding, 1 … T; null: all are real. What lies behind them does not matter.</param>
    /// <param name="pass">Null for evaluation.</param>
    /// <param name="masks">SpecAugment in training; null: none.</param>
    /// <returns>[N, Width].</returns>
    public abstract Tensor Forward(Tensor logMel, int[]? lengths, TrainingPass? pass = null, SpecAugmentOptions? masks = null);
}
