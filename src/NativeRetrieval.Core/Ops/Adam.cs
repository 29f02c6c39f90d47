using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops
{
    /// <summary>Settings of one Adam step (Kingma and Ba 2015; decoupled decay: Loshchilov and Hutter 2019).</summary>
    /// <param name="LearningRate">η ≥ 0.</param>
    /// <param name="Step">1 for the first step; sets the bias corrections.</param>
    /// <param name="GradientScale">Multiplies every gradient first: the factor of global-norm clipping.</param>
    /// <param name="WeightDecay">λ; added to the gradient (Adam), or η·λ·p subtracted from p (AdamW) when <paramref name="Decoupled"/>.</param>
    public readonly record struct AdamStep(double LearningRate, long Step, double GradientScale = 1, double Beta1 = 0.9, double Beta2 = 0.999,
        double Epsilon = 1e-8, double WeightDecay = 0, bool Decoupled = false);

    /// <summary>One parameter with its gradient g and its moments m and v, all of one shape; p, m and v are updated in place.</summary>
    public readonly record struct AdamSlot(Tensor Parameter, Tensor Gradient, Tensor FirstMoment, Tensor SecondMoment);

    public static partial class Op
    {
        /// <summary>
        /// <c>m = β₁m + (1−β₁)g; v = β₂v + (1−β₂)g²; p −= η · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε)</c> for all slots at once. Not recorded.
        /// </summary>
        public static void Adam(ReadOnlySpan<AdamSlot> slots, AdamStep step)
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
            slots[0].Parameter.Backend.Adam(slots, step);
            foreach (var slot in slots) slot.Parameter.Version++;
        }

        /// <summary><c>√(Σ g²)</c> over all elements of all tensors, summed in float64.</summary>
        public static double GlobalNorm(ReadOnlySpan<Tensor> tensors)
        {
            foreach (var tensor in tensors) Expect.Real(tensor);
            return tensors.Length == 0 ? 0 : Math.Sqrt(tensors[0].Backend.SquaredNorm(tensors));
        }
    }
}

namespace NativeRetrieval.Core.Backends
{
    using NativeRetrieval.Core.Ops;

    internal partial interface IBackend
    {
        void Adam(ReadOnlySpan<AdamSlot> slots, AdamStep step);

        double SquaredNorm(ReadOnlySpan<Tensor> tensors);
    }
}
