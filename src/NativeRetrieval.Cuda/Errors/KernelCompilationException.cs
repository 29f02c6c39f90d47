using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Cuda.Errors;

/// <summary>NVRTC refused a kernel file; the message ends with its log.</summary>
public sealed class KernelCompilationException(string kernel, string architecture, string log)
    : NativeRetrievalException($"{kernel} does not compile for {architecture}:\n{log.TrimEnd()}")
{
    public string Kernel => kernel;

    public string Architecture => architecture;

    public string Log => log;
}
