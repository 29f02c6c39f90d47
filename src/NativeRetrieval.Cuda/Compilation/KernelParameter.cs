namespace NativeRetrieval.Cuda.Compilation;

/// <summary>How a kernel parameter travels: its width, and whether it is a floating-point number.</summary>
internal enum KernelParameter : byte
{
    /// <summary>Anything that <see cref="KernelArgument"/> cannot carry: bytes, halves, structs.</summary>
    Other,
    Word32,
    Word64,
    Float32,
    Float64,
}
