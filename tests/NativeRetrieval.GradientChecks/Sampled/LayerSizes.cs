using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks.Sampled;

/// <summary>A linear layer.</summary>
/// <param name="Stored">Type of x and y.</param>
internal readonly record struct LinearSizes(int Rows, int Inputs, int Outputs, bool HasBias, Activation Activation, DType Stored)
{
    /// <summary>Null for another operation.</summary>
    public static LinearSizes? Of(OperationCall call)
    {
        if (call.Name != nameof(IBackend.Linear)) return null;
        Tensor x = call.Argument<Tensor>("x"), weight = call.Argument<Tensor>("weight");
        int inputs = weight.Shape[1];
        return new(checked((int)(x.Count / inputs)), inputs, weight.Shape[0], call.Argument<Tensor?>("bias") is not null,
            call.Argument<Activation>("activation"), x.DType);
    }
}

/// <summary>A layer norm.</summary>
/// <param name="Stored">Type of x and y.</param>
internal readonly record struct LayerNormSizes(int Rows, int Width, double Epsilon, DType Stored)
{
    /// <summary>Null for another operation.</summary>
    public static LayerNormSizes? Of(OperationCall call)
    {
        if (call.Name != nameof(IBackend.LayerNorm)) return null;
        var x = call.Argument<Tensor>("x");
        return new(checked((int)(x.Count / x.Shape[^1])), x.Shape[^1], call.Argument<double>("epsilon"), x.DType);
    }
}

/// <summary>The pooling of feature maps, [N, C, T, F], to a vector for each clip.</summary>
/// <param name="Stored">Type of the maps.</param>
internal readonly record struct ClipPoolingSizes(Shape Maps, DType Stored)
{
    /// <summary>Null for another operation.</summary>
    public static ClipPoolingSizes? Of(OperationCall call) => call.Name != nameof(IBackend.ClipPooling) ? null
        : new(call.Argument<Tensor>("x").Shape, call.Argument<Tensor>("x").DType);
}

/// <summary>A packed convolution of inference.</summary>
/// <param name="Maps">[N, I, H, W].</param>
/// <param name="Filters">[O, I, k, k].</param>
internal readonly record struct PackedSizes(Shape Maps, Shape Filters, bool Relu, bool Adds)
{
    /// <summary>Null for another operation.</summary>
    public static PackedSizes? Of(OperationCall call) => call.Name != nameof(IBackend.PackedConv2d) ? null
        : new(call.Argument<Tensor>("x").Shape, call.Argument<PackedConvolution>("convolution").WeightShape, call.Argument<bool>("relu"),
            call.Argument<Tensor?>("summand") is not null);
}

/// <summary>A first block of inference.</summary>
/// <param name="Image">[N, 1, H, W].</param>
/// <param name="First">[C, 1, k, k].</param>
/// <param name="Second">[O, C, k, k].</param>
internal readonly record struct PackedBlockSizes(Shape Image, Shape First, Shape Second)
{
    /// <summary>Null for another operation.</summary>
    public static PackedBlockSizes? Of(OperationCall call) => call.Name != nameof(IBackend.PackedConvBlock) ? null
        : new(call.Argument<Tensor>("x").Shape, call.Argument<PackedConvolution>("first").WeightShape,
            call.Argument<PackedConvolution>("second").WeightShape);
}
