using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Cuda.Errors;

/// <summary>
/// CUDA cannot be used here: no driver, no GPU, or a library is missing or too old. The message says what to install or pass.
/// </summary>
public sealed class CudaUnavailableException(string message, Exception? inner = null) : NativeRetrievalException(message, inner);
