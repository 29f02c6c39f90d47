using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks.Sampled;

/// <summary>A batch norm of a training pass.</summary>
/// <param name="Maps">Of what is normalised, [N, C, H, W], or the spectrograms' [N, 1, T, F].</param>
/// <param name="Kernels">Of the first convolution in the same operation, [O, 1, k, k].</param>
internal readonly record struct BatchNormSizes(
    string Operation, Shape Maps, Shape? Kernels, BatchNormOptions Options, PoolingOptions Pooling)
{
    /// <summary>A residual is added behind the norm, and the sum rectified.</summary>
    public bool Adds => Operation == nameof(IBackend.BatchNormAddRelu);

    public Shape Results => [Maps[0], Maps[1], Maps[2] / Pooling.Window, Maps[3] / Pooling.Window];

    /// <summary>Null for an operation that is no batch norm.</summary>
    public static BatchNormSizes? Of(OperationCall call) => call.Name switch
    {
        nameof(IBackend.BatchNorm) or nameof(IBackend.BatchNormAddRelu) =>
            new(call.Name, call.Argument<Tensor>("x").Shape, null, OptionsOf(call), new(Window: 1)),
        nameof(IBackend.BatchNormPool2d) => new(call.Name, call.Argument<Tensor>("x").Shape, null, OptionsOf(call),
            call.Argument<PoolingOptions>("pooling") with { Stream = new Philox(Seed: 7, Stream: 3) }),
        nameof(IBackend.Conv2dBatchNorm) => new(call.Name, call.Argument<Tensor>("y").Shape, call.Argument<Tensor>("kernels").Shape,
            OptionsOf(call), new(Window: 1)),
        _ => null,
    };

    static BatchNormOptions OptionsOf(OperationCall call) => call.Argument<BatchNormOptions>("options");
}
