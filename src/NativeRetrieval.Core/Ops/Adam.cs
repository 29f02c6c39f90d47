using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

/// <summary>Settings of one Adam step (Kingma and Ba 2015; decoupled decay: Loshchilov and Hutter 2019).</summary>
/// <param name="LearningRate">η ≥ 0.</param>
/// <param name="Step">t, 1 for the first step; sets the bias corrections.</param>
/// <param name="WeightDecay">λ; added to the gradient (Adam), or η·λ·p subtracted from p (AdamW) when <paramref name="Decoupled"/>.</param>
public readonly record struct AdamStep(double LearningRate, long Step, double Beta1 = 0.9, double Beta2 = 0.999,
    double Epsilon = 1e-8, double WeightDecay = 0, bool Decoupled = false)
{
    /// <summary>
    /// The numbers that change from step to step: η/(1 − β₁ᵗ), 1/√(1 − β₂ᵗ), and the factor of p: 1, or 1 − η·λ in AdamW.
    /// </summary>
    public double[] Rates => [LearningRate / (1 - Math.Pow(Beta1, Step)), 1 / Math.Sqrt(1 - Math.Pow(Beta2, Step)),
        Decoupled ? 1 - LearningRate * WeightDecay : 1];
}

/// <summary>One parameter with its gradient g and its moments m and v, all of one shape; p, m and v are updated in place.</summary>
public readonly record struct AdamSlot(Tensor Parameter, Tensor Gradient, Tensor FirstMoment, Tensor SecondMoment);

public static partial class Op
{
    /// <summary>
    /// <c>m = β₁m + (1−β₁)g; v = β₂v + (1−β₂)g²; p −= η · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε)</c> for all slots at once. Not recorded.
    /// </summary>
    /// <param name="gradientScale">
    /// float64 [2] of <see cref="ClipScale"/>: every gradient is multiplied by its first value. Null: 1.
    /// </param>
    /// <param name="rates">
    /// float64 [3] on the slots' device, <see cref="AdamStep.Rates"/> of the step that is taken: a recorded step is replayed with others.
    /// Null: those of <paramref name="step"/>.
    /// </param>
    public static void Adam(ReadOnlySpan<AdamSlot> slots, AdamStep step, Tensor? gradientScale = null, Tensor? rates = null)
    {
        if (step.Step < 1) throw new OptionException($"Adam: steps are numbered from 1, got {step.Step}");
        foreach (var slot in slots)
        {
            Expect.Real(slot.Parameter);
            Expect.Same(slot.Gradient, slot.Parameter);
            Expect.Same(slot.FirstMoment, slot.Parameter);
            Expect.Same(slot.SecondMoment, slot.Parameter);
        }
        if (slots.Length == 0) return;
        if (gradientScale is not null
            && (gradientScale.DType != DType.Float64 || gradientScale.Shape != [2] || gradientScale.Device != slots[0].Parameter.Device))
            throw new ShapeException($"Adam: gradientScale must be float64 [2] on {slots[0].Parameter.Device}, as ClipScale gives it; "
                + $"got {gradientScale.Describe()}");
        if (rates is not null && (rates.DType != DType.Float64 || rates.Shape != [3] || rates.Device != slots[0].Parameter.Device))
            throw new ShapeException($"Adam: rates must be float64 [3] on {slots[0].Parameter.Device}, got {rates.Describe()}");
        using var own = rates is null ? Tensor.From(step.Rates, [3], slots[0].Parameter.Device) : null;
        slots[0].Parameter.Backend.Adam(slots, step, rates ?? own!, gradientScale);
        foreach (var slot in slots) slot.Parameter.Version++;
    }
}

internal partial interface IBackend
{
    void Adam(ReadOnlySpan<AdamSlot> slots, AdamStep step, Tensor rates, Tensor? gradientScale);
}
