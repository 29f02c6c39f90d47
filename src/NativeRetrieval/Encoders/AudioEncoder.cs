using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;

namespace NativeRetrieval.Encoders;

/// <summary>From log-mel spectrograms to one vector per clip.</summary>
public abstract class AudioEncoder : Module
{
    /// <summary>Width of the vector.</summary>
    public abstract int Width { get; }

    /// <param name="logMel">[N, 1, T, F], dB, contiguous.</param>
    /// <param name="lengths">Frames of each clip that are not padding, 1 … T; null: all are real. What lies behind them does not matter.</param>
    /// <param name="pass">Null for evaluation.</param>
    /// <param name="masks">SpecAugment in training; null: none.</param>
    /// <returns>[N, Width].</returns>
    public abstract Tensor Forward(Tensor logMel, int[]? lengths, TrainingPass? pass = null, SpecAugmentOptions? masks = null);
}
