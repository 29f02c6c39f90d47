using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Cuda.Errors;

/// <summary>A call of the CUDA driver, NVRTC, cuBLAS or cuDNN failed.</summary>
/// <param name="call">The call as the source has it.</param>
/// <param name="error">The library's name and number of the error, e.g. <c>CUDA_ERROR_INVALID_VALUE (1)</c>.</param>
/// <param name="explanation">The library's own words.</param>
public class CudaException(string call, string error, string explanation, string message)
    : NativeRetrievalException(message)
{
    public CudaException(string call, string error, string explanation) : this(call, error, explanation, Describe(call, error, explanation))
    {
    }

    public string Call => call;

    public string Error => error;

    public string Explanation => explanation;

    private protected static string Describe(string call, string error, string explanation) =>
        explanation.Length > 0 ? $"{call}: {error}: {explanation}" : $"{call}: {error}";
}
