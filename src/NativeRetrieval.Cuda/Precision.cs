namespace NativeRetrieval.Cuda;

/// <summary>
/// The precision that convolutions and matrix products take their operands in. Sums, statistics, losses, parameters and the optimizer are
/// float32 in each.
/// </summary>
public enum Precision : byte
{
    /// <summary>float32 operands: 24 significant bits.</summary>
    Float32,

    /// <summary>float32 operands rounded to TF32, 11 significant bits, for the tensor cores.</summary>
    Tf32,

    /// <summary>bfloat16 operands, activations and gradients of activations: 8 significant bits and half the memory.</summary>
    BFloat16,
}
