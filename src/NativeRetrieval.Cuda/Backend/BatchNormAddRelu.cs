using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend.FeatureMaps;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void BatchNormAddRelu(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance, Tensor? lengths,
        BatchNormOptions options, Tensor residual, Tensor y, Tensor mean, Tensor inverseDeviation)
    {
        var map = ChannelsInnermost.Of(x, options.Axis, residual, y);
        Statistics(x, runningMean, runningVariance, lengths, options, mean, inverseDeviation);
        Launch("batch_norm_add_relu", Stored(x, "batch_norm_add_relu_forward_f32", "batch_norm_add_relu_forward_bf16"),
            Stride(map.Pixels, map.Groups), Block, 0,
            Activations(x), Activations(residual), F32(weight), F32(bias), F32(mean), F32(inverseDeviation), IntsOrNull(lengths),
            Activations(y), map.Clips, map.Frames, map.Width, map.Channels, map.Packed);
    }

    public void BatchNormAddReluBackward(Tensor dy, Tensor y, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation,
        Tensor? lengths, BatchNormOptions options, Tensor dx, Tensor dWeight, Tensor dBias, Tensor dResidual)
    {
        var map = ChannelsInnermost.Of(x, options.Axis, dy, y, dx, dResidual);
        int chunks = map.Chunks(map.Pixels);
        using var partials = Tensor.Empty([chunks, 2, map.Channels], device, DType.Float64);
        Launch("batch_norm_add_relu", Stored(x, "batch_norm_add_relu_gradient_partial_f32", "batch_norm_add_relu_gradient_partial_bf16"),
            (map.Shares, chunks, 1), Block, 0,
            Activations(dy), Activations(y), Activations(x), IntsOrNull(lengths), Activations(dResidual), partials.Address, map.Clips,
            map.Frames, map.Width, map.Channels, map.Packed);
        InputGradient(dResidual, x, weight, bias, mean, inverseDeviation, lengths, options, map, partials, dx, dWeight, dBias);
    }
}
