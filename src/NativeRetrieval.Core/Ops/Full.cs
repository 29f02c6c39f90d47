using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>A tensor with <paramref name="value"/> in every element.</summary>
    public static Tensor Full(Shape shape, double value, Devices.Device device, DType dtype = DType.Float32)
    {
        var y = Tensor.Empty(shape, device, dtype);
        Expect.Real(y);
        y.Backend.Full(y, value);
        return y;
    }
}

internal partial interface IBackend
{
    void Full(Tensor y, double value);
}
