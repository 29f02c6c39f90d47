using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

/// <remarks>Operations over the last axis: one block per row.</remarks>
internal sealed partial class CudaBackend
{
    public void L2Normalize(Tensor x, double epsilon, Tensor y)
    {
        int threads = RowThreads(x.Shape[^1]);
        Launch("l2_normalize", "l2_normalize_forward_f32", RowsOf(x), threads, WarpSums(threads), F32(x), F32(y), (float)epsilon, x.Shape[^1]);
    }

    public void L2NormalizeBackward(Tensor dy, Tensor x, Tensor y, double epsilon, Tensor dx)
    {
        int threads = RowThreads(x.Shape[^1]);
        Launch("l2_normalize", "l2_normalize_backward_f32", RowsOf(x), threads, WarpSums(threads), F32(dy), F32(x), F32(y), F32(dx), (float)epsilon, x.Shape[^1]);
    }

    public void LayerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor y, Tensor mean, Tensor inverseDeviation)
    {
        int threads = RowThreads(x.Shape[^1]);
        Launch("layer_norm", "layer_norm_forward_f32", RowsOf(x), threads, WarpSums(threads),
            F32(x), F32(gain), F32(bias), (float)epsilon, F32(y), F32(mean), F32(inverseDeviation), x.Shape[^1]);
    }

    public void LayerNormBackward(Tensor dy, Tensor x, Tensor gain, Tensor mean, Tensor inverseDeviation, Tensor dx, Tensor dGain, Tensor dBias)
    {
        int width = x.Shape[^1], rows = RowsOf(x), threads = RowThreads(width);
        Launch("layer_norm", "layer_norm_backward_f32", rows, threads, WarpSums(threads), F32(dy), F32(x), F32(gain), F32(mean), F32(inverseDeviation), F32(dx), width);
        Launch("layer_norm", "layer_norm_parameters_f32", Ceil(width, Warp), Block, 0,
            F32(dy), F32(x), F32(mean), F32(inverseDeviation), F32(dGain), F32(dBias), rows, width);
    }

    public void Softmax(Tensor x, Tensor y)
    {
        int threads = RowThreads(x.Shape[^1]);
        Launch("softmax", "softmax_forward_f32", RowsOf(x), threads, WarpSums(threads), F32(x), F32(y), x.Shape[^1]);
    }

    public void SoftmaxBackward(Tensor dy, Tensor y, Tensor dx)
    {
        int threads = RowThreads(y.Shape[^1]);
        Launch("softmax", "softmax_backward_f32", RowsOf(y), threads, WarpSums(threads), F32(dy), F32(y), F32(dx), y.Shape[^1]);
    }

    public void Gelu(Tensor x, Tensor y) => LaunchOver(x.Count, "gelu", "gelu_forward_f32", F32(x), F32(y), x.Count);

    public void GeluBackward(Tensor dy, Tensor x, Tensor dx) => LaunchOver(x.Count, "gelu", "gelu_backward_f32", F32(dy), F32(x), F32(dx), x.Count);
}
