namespace NativeRetrieval.Cuda.Compilation;

/// <summary>What the driver loads: a cubin, or PTX text that ends with 0.</summary>
/// <param name="Log">The compiler's messages: warnings, and what each entry point uses.</param>
internal sealed record KernelImage(KernelTarget Target, byte[] Bytes, string Log);
