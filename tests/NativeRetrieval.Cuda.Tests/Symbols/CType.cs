namespace NativeRetrieval.Cuda.Tests.Symbols;

/// <summary>A C type as headers spell it: <c>const char*const*</c> is char behind two pointers.</summary>
internal readonly record struct CType(string Base, int Pointers)
{
    public static CType Parse(string text)
    {
        int pointers = text.Count(c => c == '*');
        string name = string.Join(' ', text.Replace("*", " ").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Where(word => word is not ("const" or "struct")));
        // Two headers, one type.
        return new(name switch { "cudaStream_t" => "CUstream", "cudaDataType_t" => "cudaDataType", _ => name }, pointers);
    }
}
