namespace NativeRetrieval.Cuda.Compilation;

/// <summary>What the driver loads, and what its entry points take.</summary>
/// <param name="Bytes">A cubin, or PTX text that ends with 0.</param>
/// <param name="Signatures">Of all entry points; empty where the compiler told none.</param>
internal sealed record KernelImage(byte[] Bytes, IReadOnlyList<KernelSignature> Signatures)
{
    /// <summary>The compiler's messages: warnings, and what each entry point uses. Empty for an image from disk.</summary>
    public string Log { get; init; } = "";
}
