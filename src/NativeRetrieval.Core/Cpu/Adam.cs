using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void Adam(ReadOnlySpan<AdamSlot> slots, AdamStep step, Tensor rates, Tensor? gradientScale)
    {
        double[] changing = rates.ToArray<double>();
        double scale = gradientScale is null ? 1 : gradientScale.Span<double>()[0];
        foreach (var slot in slots)
        {
            if (slot.Parameter.DType == DType.Float32) Adam<float>(slot, step, changing, scale);
            else Adam<double>(slot, step, changing, scale);
        }
    }

    static unsafe void Adam<T>(AdamSlot slot, AdamStep step, double[] rates, double scale)
        where T : unmanaged, INumber<T>, IRootFunctions<T>
    {
        var rule = new AdamRule<T>(step, rates, scale);
        Slices.Run(slot.Parameter.StoredCount, (slot, rule), static (s, start, length) =>
            s.rule.Apply(s.slot.Parameter.Pointer<T>() + start, s.slot.Gradient.Pointer<T>() + start,
                s.slot.FirstMoment.Pointer<T>() + start, s.slot.SecondMoment.Pointer<T>() + start, length));
    }

    /// <summary>One step's constants, rounded once to the element type.</summary>
    sealed unsafe class AdamRule<T>(AdamStep step, double[] rates, double scale) where T : unmanaged, INumber<T>, IRootFunctions<T>
    {
        readonly T _scale = T.CreateTruncating(scale);
        readonly T _beta1 = T.CreateTruncating(step.Beta1), _rest1 = T.CreateTruncating(1 - step.Beta1);
        readonly T _beta2 = T.CreateTruncating(step.Beta2), _rest2 = T.CreateTruncating(1 - step.Beta2);
        readonly T _rate = T.CreateTruncating(rates[0]), _rootCorrection = T.CreateTruncating(rates[1]);
        readonly T _epsilon = T.CreateTruncating(step.Epsilon);
        readonly T _decay = T.CreateTruncating(step.Decoupled ? 0 : step.WeightDecay);
        readonly T _shrink = T.CreateTruncating(rates[2]);

        public void Apply(T* p, T* g, T* m, T* v, int length)
        {
            int i = 0;
            for (; i <= length - Vector<T>.Count; i += Vector<T>.Count)
            {
                var parameter = Vector.Load(p + i);
                var gradient = Vector.Load(g + i) * _scale + parameter * _decay;
                var first = Vector.Load(m + i) * _beta1 + gradient * _rest1;
                var second = Vector.Load(v + i) * _beta2 + gradient * gradient * _rest2;
                first.Store(m + i);
                second.Store(v + i);
                (parameter * _shrink - first * _rate / (Vector.SquareRoot(second) * _rootCorrection + new Vector<T>(_epsilon)))
                    .Store(p + i);
            }
            for (; i < length; i++)
            {
                T gradient = g[i] * _scale + p[i] * _decay;
                m[i] = m[i] * _beta1 + gradient * _rest1;
                v[i] = v[i] * _beta2 + gradient * gradient * _rest2;
                p[i] = p[i] * _shrink - m[i] * _rate / (T.Sqrt(v[i]) * _rootCorrection + _epsilon);
            }
        }
    }
}
