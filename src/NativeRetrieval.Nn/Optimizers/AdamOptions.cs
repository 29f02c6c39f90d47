using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Nn.Optimizers;

/// <summary>Settings of Adam (Kingma and Ba 2015) and of clipping by the global norm.</summary>
/// <param name="Beta1">Decay of the first moment, [0, 1).</param>
/// <param name="Beta2">Decay of the second moment, [0, 1).</param>
/// <param name="Epsilon">Added to the root of the second moment, above 0.</param>
/// <param name="WeightDecay">0 or more; 0 in the report.</param>
/// <param name="Decoupled">AdamW: the decay acts on the weights, not on the gradient.</param>
/// <param name="MaxGradientNorm">
/// Gradients are scaled so that their global L2 norm is at most this; null: never. 2 in the report's public code.
/// </param>
public sealed record AdamOptions(double Beta1 = 0.9, double Beta2 = 0.999, double Epsilon = 1e-8, double WeightDecay = 0,
    bool Decoupled = false, double? MaxGradientNorm = null)
{
    /// <summary>Refuses values outside their ranges.</summary>
    /// <exception cref="OptionException">A value is out of its range.</exception>
    public void Validate()
    {
        if (Beta1 is not (>= 0 and < 1) || Beta2 is not (>= 0 and < 1) || !(Epsilon > 0)
            || !(WeightDecay >= 0) || MaxGradientNorm is not (null or > 0))
            throw new OptionException($"Adam: betas must be in [0, 1), epsilon and the gradient norm above 0, decay 0 or more; got {this}");
    }
}
