using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Search;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public unsafe void TopK(Tensor scores, Tensor values, Tensor indices)
    {
        int width = scores.Shape[1], k = values.Shape[1];
        float* source = scores.Pointer<float>(), bestValues = values.Pointer<float>();
        int* bestIndices = indices.Pointer<int>();
        Workers.Run(scores.Shape[0], row =>
        {
            var best = new TopKList(k);
            float* x = source + (long)row * width;
            for (int i = 0; i < width; i++) best.Offer(x[i], i);

            long[] ids = new long[k];
            best.Drain(new Span<float>(bestValues + (long)row * k, k), ids);
            for (int i = 0; i < k; i++) bestIndices[(long)row * k + i] = (int)ids[i];
        });
    }
}
