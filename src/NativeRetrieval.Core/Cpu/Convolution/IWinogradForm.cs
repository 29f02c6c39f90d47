using NativeRetrieval.Core.Cpu.Vectors;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// A minimal filtering algorithm F(m, 3) after Winograd (Lavin and Gray 2015, section 4): m outputs of a 3-tap filter from m + 2 products,
/// <c>y = Aᵀ[(G w) ⊙ (Bᵀ d)]</c>. The methods apply one matrix along one axis to 8 lanes; <c>step</c>s are in floats.
/// </summary>
internal unsafe interface IWinogradForm
{
    /// <summary>m.</summary>
    static abstract int Outputs { get; }

    /// <summary>Inputs read, the first of them <see cref="Before"/> ahead of the first output.</summary>
    static abstract int Inputs { get; }

    static abstract int Before { get; }

    /// <summary>Products made: m + 2, or fewer where a border is known to be zero.</summary>
    static abstract int Points { get; }

    /// <summary>Bᵀ: Inputs to Points values.</summary>
    static abstract void Input(float* from, nint fromStep, float* to, nint toStep);

    /// <summary>Aᵀ: Points products to Outputs values.</summary>
    static abstract void Output(float* from, nint fromStep, float* to, nint toStep);

    /// <summary>A, the adjoint of <see cref="Output"/>: Outputs gradients to Points values.</summary>
    static abstract void OutputAdjoint(float* from, nint fromStep, float* to, nint toStep);

    /// <summary>G: three taps to Points values, a register of each.</summary>
    static abstract void Kernel<TFloats>(float* from, nint fromStep, float* to, nint toStep)
        where TFloats : unmanaged, ISimdFloats<TFloats>;

    /// <summary>G: [Points, 3].</summary>
    static abstract ReadOnlySpan<float> Filter { get; }
}
