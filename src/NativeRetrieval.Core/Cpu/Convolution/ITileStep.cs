namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>Distance of two elements of A along k, known when the kernel is compiled.</summary>
internal interface ITileStep
{
    static abstract nint Floats { get; }
}

/// <summary>k runs over channels inside a block.</summary>
internal readonly struct StepOf1 : ITileStep
{
    public static nint Floats => 1;
}

/// <summary>k runs over pixels.</summary>
internal readonly struct StepOf16 : ITileStep
{
    public static nint Floats => 16;
}
