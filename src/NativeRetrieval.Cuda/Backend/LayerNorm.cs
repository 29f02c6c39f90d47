using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>Rows of a block, a warp each, as in kernels/common/layer_norm.cuh.</summary>
    const int NormRows = Block / Warp;

    /// <summary>Columns of a block, a pack for each lane, as in kernels/common/column_sums.cuh for float32.</summary>
    const int SumColumns = 4 * Warp;

    public void LayerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor y, Tensor mean, Tensor inverseDeviation) =>
        Launch("layer_norm", Stored(x, "layer_norm_forward_f32", "layer_norm_forward_bf16"), Spread(RowsOf(x), NormRows), Block, 0,
            Activations(x), F32(gain), F32(bias), (float)epsilon, Activations(y), F32(mean), F32(inverseDeviation), RowsOf(x),
            x.Shape[^1]);

    public void LayerNormBackward(Tensor dy, Tensor x, Tensor gain, Tensor mean, Tensor inverseDeviation, Tensor dx, Tensor dGain,
        Tensor dBias)
    {
        int width = x.Shape[^1], rows = RowsOf(x), count = NormParts(rows);
        using var parts = Tensor.Empty([count, 2, width], device);
        Launch("layer_norm", Stored(x, "layer_norm_backward_f32", "layer_norm_backward_bf16"), count, Block, 0,
            Activations(dy), Activations(x), F32(gain), F32(mean), F32(inverseDeviation), Activations(dx), F32(parts), rows, width);
        Launch("layer_norm", "layer_norm_parameters_f32", Ceil(2L * width, SumColumns), Block, 0,
            F32(parts), count, width, F32(dGain), F32(dBias));
    }

    /// <summary>Blocks of a backward pass: all run at a time, and each leaves its share of the parameters' gradients.</summary>
    int NormParts(int rows) => Math.Max(1, Math.Min(Ceil(rows, NormRows), Multiprocessors));
}
