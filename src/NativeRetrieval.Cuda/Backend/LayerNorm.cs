using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void LayerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor y, Tensor mean, Tensor inverseDeviation)
    {
        int threads = RowThreads(x.Shape[^1]);
        Launch("layer_norm", "layer_norm_forward_f32", RowsOf(x), threads, WarpSums(threads),
            F32(x), F32(gain), F32(bias), (float)epsilon, F32(y), F32(mean), F32(inverseDeviation), x.Shape[^1]);
    }

    public void LayerNormBackward(Tensor dy, Tensor x, Tensor gain, Tensor mean, Tensor inverseDeviation, Tensor dx, Tensor dGain,
        Tensor dBias)
    {
        int width = x.Shape[^1], rows = RowsOf(x), threads = RowThreads(width);
        Launch("layer_norm", "layer_norm_backward_f32", rows, threads, WarpSums(threads),
            F32(dy), F32(x), F32(gain), F32(mean), F32(inverseDeviation), F32(dx), width);
        Launch("layer_norm", "layer_norm_parameters_f32", Ceil(width, Warp), Block, 0,
            F32(dy), F32(x), F32(mean), F32(inverseDeviation), F32(dGain), F32(dBias), rows, width);
    }
}
