using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Cuda.Errors;

/// <summary>The refusal of a kernel file by NVRTC or by the driver; the message ends with the log.</summary>
/// <param name="kernel">The file, e.g. <c>gelu.cu</c>.</param>
/// <param name="architecture">The target, e.g. <c>sm_90</c>, or the GPU whose driver refused the image.</param>
/// <param name="log">The compiler's messages.</param>
public sealed class KernelCompilationException(string kernel, string architecture, string log)
    : NativeRetrievalException($"{kernel} does not compile for {architecture}:\n{log.TrimEnd()}")
{
    /// <summary>The file, e.g. <c>gelu.cu</c>.</summary>
    public string Kernel => kernel;

    /// <summary>The target, e.g. <c>sm_90</c>, or the GPU whose driver refused the image.</summary>
    public string Architecture => architecture;

    /// <summary>The compiler's messages.</summary>
    public string Log => log;
}
