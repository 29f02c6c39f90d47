using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend.FeatureMaps;

/// <summary>A feature map as [outer, height, width, inner]: planes are repeated outside, values of one pixel lie inside.</summary>
internal readonly record struct PooledMap(int Outer, int Height, int Width, int Inner)
{
    public int Lines => checked(Outer * Height);

    public static PooledMap Of(Tensor x) => x.Layout == Layout.NHWC
        ? new(x.Shape[0], x.Shape[2], x.Shape[3], x.Shape[1])
        : new(checked(x.Shape[0] * x.Shape[1]), x.Shape[2], x.Shape[3], 1);
}
