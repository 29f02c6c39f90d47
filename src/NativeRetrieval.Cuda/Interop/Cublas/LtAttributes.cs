namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>Widths of cuBLASLt's attributes in bytes; another width is refused by the library with nothing but "invalid value".</summary>
internal static class LtAttributes
{
    public static int SizeBytes(MatmulAttribute attribute) => attribute switch
    {
        MatmulAttribute.TransposeA or MatmulAttribute.TransposeB or MatmulAttribute.Epilogue or MatmulAttribute.MultiprocessorTarget or MatmulAttribute.BiasDataType => 4,
        _ => 8,
    };

    public static int SizeBytes(LayoutAttribute attribute) => attribute == LayoutAttribute.BatchStride ? 8 : 4;

    public static int SizeBytes(PreferenceAttribute attribute) => attribute == PreferenceAttribute.MaxWorkspaceBytes ? 8 : 4;

    public static void RequireWidth(string attribute, int expected, int actual)
    {
        if (actual != expected) throw new ArgumentException($"{attribute} takes {expected} bytes, got {actual}");
    }
}
