using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend.Libraries;

namespace NativeRetrieval.Cuda.Backend;

/// <remarks>
/// Beside cuDNN's convolution there is one by transforms: a 3x3 convolution in tiles of 2 x 2 pixels takes 16 products for 36. It is
/// bound by memory where channels are few.
/// </remarks>
internal sealed partial class CudaBackend
{
    /// <summary>Products of a tile; channels from which a transform may be faster, and of a thread.</summary>
    const int TilePlaces = 16, LeastTransformedChannels = 256, TransformedAtATime = 4;

    /// <summary>A transform takes no more than this part of the memory while it runs.</summary>
    const int TransformShareOfMemory = 16;

    /// <summary>The sizes of a tensor's axes are 32 bits.</summary>
    const long MostTransformedBytes = sizeof(float) * (long)int.MaxValue;

    /// <summary>Convolutions, and whether they are computed by transforms.</summary>
    readonly Dictionary<ConvolutionShape, bool> _transformed = [];

    /// <summary>Computes all packed convolutions by transforms that can be, or none; null: whichever way is faster.</summary>
    public bool? Transforms { get; set; }

    public Tensor? PackedConv2dWeight(Tensor weight, Tensor scale, int width)
    {
        var packed = Tensor.EmptyLike(weight);
        int filters = weight.Shape[0];
        Launch("packed_conv2d", "packed_conv2d_weight_f32", (Math.Min(filters, GridLimit), 1, 1), Block, 0,
            F32(weight), F32(scale), F32(packed), filters, weight.Count / filters);
        return packed;
    }

    public void PackedConv2d(Tensor x, PackedConvolution convolution, bool relu, Tensor? summand, Tensor y)
    {
        if (y.Count == 0) return;
        var shape = ConvolutionShape.Of(x, convolution.WeightShape);
        if (IsTransformed(shape, x, convolution, relu, summand, y)) ConvolveByTransforms(shape, x, convolution, relu, summand, y);
        else ConvolveByLibrary(shape, x, convolution, relu, summand, y);
    }

    void ConvolveByLibrary(ConvolutionShape shape, Tensor x, PackedConvolution convolution, bool relu, Tensor? summand, Tensor y) =>
        Convolutions.Run(summand is not null ? ConvolutionDirection.ForwardWithSumAndRelu
                : relu ? ConvolutionDirection.ForwardWithBiasAndRelu : ConvolutionDirection.ForwardWithBias,
            shape,
            new(Activations(x), Operand(convolution.Weight, x), Activations(y), Operand(convolution.Bias, x),
                summand is null ? 0 : Activations(summand)));

    /// <summary>True where transforms are taken: they are timed against the library.</summary>
    bool IsTransformed(ConvolutionShape shape, Tensor x, PackedConvolution convolution, bool relu, Tensor? summand, Tensor y)
    {
        if (device.Options.Precision != Precision.Tf32 || shape.IsBFloat16 || shape.Kernel != 3
            || Math.Min(shape.Inputs, shape.Outputs) < LeastTransformedChannels || Transforms == false
            || (shape.Inputs | shape.Outputs) % TransformedAtATime != 0
            || ((x.Address | y.Address | (summand?.Address ?? 0)) & (PackBytes - 1)) != 0
            || TransformedBytes(shape) > Math.Min(MostTransformedBytes, device.Properties.MemoryBytes / TransformShareOfMemory))
            return false;
        if (Transforms == true) return true;
        lock (_lock)
            if (_transformed.TryGetValue(shape, out bool known)) return known;
        bool transformed = Algorithms.Choose($"packed convolution {shape}", ["library", "transforms"], way =>
            {
                if (way == 0) ConvolveByLibrary(shape, x, convolution, relu, summand, y);
                else ConvolveByTransforms(shape, x, convolution, relu, summand, y);
            }) == 1;
        if (!transformed && convolution.Weight.Memory.Derived is TransformedFilters tried)
        {
            tried.Dispose();
            convolution.Weight.Memory.Derived = null;
        }
        lock (_lock) return _transformed[shape] = transformed;
    }

    static int TilesOf(ConvolutionShape shape) => checked(shape.Clips * Ceil(shape.Height, 2) * Ceil(shape.Width, 2));

    /// <summary>Bytes of a transformed input and of what is transformed to the result.</summary>
    static long TransformedBytes(ConvolutionShape shape) =>
        (long)sizeof(float) * TilePlaces * TilesOf(shape) * (shape.Inputs + shape.Outputs);

    void ConvolveByTransforms(ConvolutionShape shape, Tensor x, PackedConvolution convolution, bool relu, Tensor? summand, Tensor y)
    {
        int tiles = TilesOf(shape);
        var filters = TransformedFilters.Of(convolution.Weight, TilePlaces, TransformFilters);
        using var input = Tensor.Empty([TilePlaces, checked(tiles * shape.Inputs)], device);
        using var sums = Tensor.Empty([TilePlaces, checked(tiles * shape.Outputs)], device);
        LaunchOver((long)tiles * shape.Inputs / TransformedAtATime, "packed_conv2d", "packed_conv2d_input_f32",
            F32(x), F32(input), tiles, shape.Height, shape.Width, shape.Inputs);
        Products.MultiplyEach(TilePlaces, tiles, shape.Outputs, shape.Inputs, input.Address, filters.Address, sums.Address);
        LaunchOver((long)tiles * shape.Outputs / TransformedAtATime, "packed_conv2d", "packed_conv2d_output_f32",
            F32(sums), F32(convolution.Bias), F32OrNull(summand), F32(y), tiles, shape.Height, shape.Width, shape.Outputs, relu ? 1 : 0);
    }

    void TransformFilters(Tensor weight, Tensor transformed)
    {
        int outputs = weight.Shape[0], inputs = weight.Shape[1];
        LaunchOver((long)outputs * inputs / TransformedAtATime, "packed_conv2d", "packed_conv2d_filters_f32",
            F32(weight), F32(transformed), outputs, inputs);
    }
}
