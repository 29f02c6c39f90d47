namespace NativeRetrieval.Cuda.Errors;

/// <summary>
/// A kernel or the hardware failed in a way that ends the context: everything on the device is lost, and every later call
/// fails the same way until the process ends. What was saved before is unharmed.
/// </summary>
public sealed class CudaDeviceLostException : CudaException
{
    /// <summary>The loss that a call reports.</summary>
    /// <param name="call">The call as the source has it; the cause is often an earlier kernel, because launches are asynchronous.</param>
    /// <param name="error">The driver's name and number of the error.</param>
    /// <param name="explanation">The driver's own words.</param>
    public CudaDeviceLostException(string call, string error, string explanation)
        : base(call, error, explanation, $"the GPU context is lost, start the program again "
            + $"({Describe(call, error, explanation)}); the cause may be an earlier kernel")
    {
    }

    /// <summary>The same loss, met again by a later call.</summary>
    internal CudaDeviceLostException(CudaDeviceLostException first) : this(first.Call, first.Error, first.Explanation)
    {
    }
}
