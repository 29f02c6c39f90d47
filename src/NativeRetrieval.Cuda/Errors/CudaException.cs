using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Cuda.Errors;

/// <summary>The failure of a call of the CUDA driver, NVRTC, cuBLAS or cuDNN.</summary>
/// <param name="call">The call as the source has it.</param>
/// <param name="error">The library's name and number of the error, e.g. <c>CUDA_ERROR_INVALID_VALUE (1)</c>.</param>
/// <param name="explanation">The library's own words; empty where it has none.</param>
/// <param name="message">The message for users.</param>
public class CudaException(string call, string error, string explanation, string message)
    : NativeRetrievalException(message)
{
    /// <summary>The failure of a call, in a message of call, error and explanation.</summary>
    public CudaException(string call, string error, string explanation) : this(call, error, explanation, Describe(call, error, explanation))
    {
    }

    /// <summary>The failed call as the source has it, e.g. <c>cuStreamSynchronize(Handle)</c>.</summary>
    public string Call => call;

    /// <summary>The library's name and number of the error, e.g. <c>CUDA_ERROR_INVALID_VALUE (1)</c>.</summary>
    public string Error => error;

    /// <summary>The library's own words on the error; empty where it has none.</summary>
    public string Explanation => explanation;

    private protected static string Describe(string call, string error, string explanation) =>
        explanation.Length > 0 ? $"{call}: {error}: {explanation}" : $"{call}: {error}";
}
