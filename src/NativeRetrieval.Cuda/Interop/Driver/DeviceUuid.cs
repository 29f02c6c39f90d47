using System.Runtime.CompilerServices;

namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>16 bytes that name one GPU, the same in every process; nvidia-smi prints them after <c>GPU-</c>.</summary>
[NativeName("CUuuid")]
internal struct DeviceUuid
{
    [NativeName("bytes")] public Bytes16 Bytes;

    [InlineArray(16)]
    internal struct Bytes16
    {
        byte _first;
    }

    /// <summary>As nvidia-smi writes it: <c>GPU-5fd4f087-86f3-7a43-b711-4771313afc50</c>.</summary>
    public override string ToString() => $"GPU-{new Guid(Bytes, bigEndian: true)}";
}
