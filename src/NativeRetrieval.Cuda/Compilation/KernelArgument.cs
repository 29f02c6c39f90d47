using System.Runtime.InteropServices;

namespace NativeRetrieval.Cuda.Compilation;

/// <summary>One parameter of a launch: an address or a number, of the width that the kernel declares.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
internal readonly struct KernelArgument
{
    [FieldOffset(0)] readonly nint _address;
    [FieldOffset(0)] readonly long _long;
    [FieldOffset(0)] readonly int _int;
    [FieldOffset(0)] readonly uint _uint;
    [FieldOffset(0)] readonly float _float;
    [FieldOffset(0)] readonly double _double;

    KernelArgument(nint value) => _address = value;

    KernelArgument(long value) => _long = value;

    KernelArgument(int value) => _int = value;

    KernelArgument(uint value) => _uint = value;

    KernelArgument(float value) => _float = value;

    KernelArgument(double value) => _double = value;

    public static implicit operator KernelArgument(nint value) => new(value);

    public static implicit operator KernelArgument(long value) => new(value);

    public static implicit operator KernelArgument(int value) => new(value);

    public static implicit operator KernelArgument(uint value) => new(value);

    public static implicit operator KernelArgument(float value) => new(value);

    public static implicit operator KernelArgument(double value) => new(value);
}
