using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Encoders;

/// <summary>
/// The two ends of the part of an encoder that stores activations in the device's type, <see cref="Core.Devices.Device.Activations"/>.
/// Parameters, statistics, inputs and the encoder's vectors are float32, or float64 in checks, in which nothing is converted.
/// </summary>
internal static class Activations
{
    /// <summary>The type that activations have after <paramref name="x"/>, an input.</summary>
    public static DType After(Tensor x) => x.DType == DType.Float32 ? x.Device.Activations : x.DType;

    /// <summary>From here on activations have the device's type.</summary>
    public static Tensor Enter(Tensor x) => x.DType == DType.Float32 ? Op.Cast(x, x.Device.Activations) : x;

    /// <summary>From here on they are float32 again.</summary>
    public static Tensor Leave(Tensor x) => x.DType == DType.BFloat16 ? Op.Cast(x, DType.Float32) : x;
}
