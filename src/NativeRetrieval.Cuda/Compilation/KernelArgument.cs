namespace NativeRetrieval.Cuda.Compilation;

/// <summary>One argument of a launch: an address or a number, of the width that the kernel declares.</summary>
internal readonly struct KernelArgument
{
    // The first field, because a launch passes the address of the argument as that of its value; x86-64 and arm64 store the low
    // bytes first.
    readonly long _bits;

    KernelArgument(long bits, KernelParameter kind) => (_bits, Kind) = (bits, kind);

    public KernelParameter Kind { get; }

    public static implicit operator KernelArgument(nint value) => new(value, KernelParameter.Word64);

    public static implicit operator KernelArgument(long value) => new(value, KernelParameter.Word64);

    public static implicit operator KernelArgument(int value) => new(value, KernelParameter.Word32);

    public static implicit operator KernelArgument(uint value) => new(value, KernelParameter.Word32);

    public static implicit operator KernelArgument(float value) => new(BitConverter.SingleToInt32Bits(value), KernelParameter.Float32);

    public static implicit operator KernelArgument(double value) => new(BitConverter.DoubleToInt64Bits(value), KernelParameter.Float64);
}

/// <summary>The form in which a kernel parameter travels: its width, and integer or floating point.</summary>
internal enum KernelParameter : byte
{
    /// <summary>Anything that <see cref="KernelArgument"/> cannot carry: bytes, halves, structs.</summary>
    Other,
    Word32,
    Word64,
    Float32,
    Float64,
}
