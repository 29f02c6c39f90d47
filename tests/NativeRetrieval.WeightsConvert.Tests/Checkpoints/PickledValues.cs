using System.Runtime.InteropServices;
using NativeRetrieval.TestSupport.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Tests.Checkpoints;

/// <summary>A storage of six numbers, for checkpoints that are written by hand.</summary>
static class PickledValues
{
    /// <summary>The float32 values 0 to 5.</summary>
    public static byte[] Bytes { get; } = MemoryMarshal.AsBytes((ReadOnlySpan<float>)[0, 1, 2, 3, 4, 5]).ToArray();

    /// <summary>The whole storage 0 as a tensor.</summary>
    public static PickleWriter Values(this PickleWriter pickle) => pickle.Tensor("FloatStorage", "0", 6, 0, [6], [1]);
}
