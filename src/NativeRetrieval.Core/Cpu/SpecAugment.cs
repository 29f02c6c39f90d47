using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void SpecAugment(Tensor x, Tensor? lengths, SpecAugmentOptions options, Philox stream, Tensor y)
    {
        if (x.DType == DType.Float32) Run(x.Span<float>(), y.Span<float>(), x.Shape);
        else Run(x.Span<double>(), y.Span<double>(), x.Shape);

        void Run<T>(ReadOnlySpan<T> source, Span<T> target, Shape shape)
        {
            source.CopyTo(target);
            int frames = shape[2], bins = shape[3];
            for (int clip = 0; clip < shape[0]; clip++)
            {
                var map = target.Slice(clip * frames * bins, frames * bins);
                int own = lengths is null ? frames : lengths.Span<int>()[clip];
                for (int stripe = 0; stripe < options.Stripes; stripe++)
                {
                    var (start, width) = options.Stripe(stream, clip, stripe, own, bins);
                    if (stripe < options.TimeStripes) map.Slice(start * bins, width * bins).Clear();
                    else
                        for (int frame = 0; frame < own; frame++) map.Slice(frame * bins + start, width).Clear();
                }
            }
        }
    }
}
