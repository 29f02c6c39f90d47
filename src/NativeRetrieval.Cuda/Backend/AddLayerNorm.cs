using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>Columns whose parameters' gradients a block sums, as in kernels/add_layer_norm.cu.</summary>
    const int NormColumns = 32;

    public void AddLayerNorm(Tensor x, Tensor residual, Tensor gain, Tensor bias, double epsilon, double probability, Philox stream,
        Tensor? sum, Tensor y, Tensor mean, Tensor inverseDeviation) =>
        Launch("add_layer_norm", Stored(x, "add_layer_norm_forward_f32", "add_layer_norm_forward_bf16"), Spread(RowsOf(x), NormRows),
            Block, 0, Activations(x), Activations(residual), F32(gain), F32(bias), (float)epsilon, Threshold(probability),
            (float)(1 / (1 - probability)), (long)stream.Seed, (long)stream.Stream, (long)stream.First, (long)stream.PerToken,
            StreamMoves, sum is null ? 0 : Activations(sum),
            Activations(y), F32(mean), F32(inverseDeviation), RowsOf(x), x.Shape[^1]);

    public void AddLayerNormBackward(Tensor dy, Tensor sum, Tensor gain, Tensor mean, Tensor inverseDeviation, double probability,
        Philox stream, Tensor dx, Tensor dSum, Tensor dGain, Tensor dBias)
    {
        int width = sum.Shape[^1], rows = RowsOf(sum), columns = Ceil(width, NormColumns);
        Launch("add_layer_norm", Stored(sum, "add_layer_norm_backward_f32", "add_layer_norm_backward_bf16"),
            columns + Spread(rows, NormRows), Block, 0,
            Activations(dy), Activations(sum), F32(gain), F32(mean), F32(inverseDeviation), Threshold(probability),
            (float)(1 / (1 - probability)), (long)stream.Seed, (long)stream.Stream, (long)stream.First, (long)stream.PerToken,
            StreamMoves, Activations(dx), Activations(dSum), F32(dGain), F32(dBias), columns, rows, width);
    }
}
