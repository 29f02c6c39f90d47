using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop.Cublas;
using NativeRetrieval.Cuda.Interop.Cudnn;
using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Interop.Nvrtc;
using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.Cuda.Interop;

/// <summary>
/// The one way to check a call: <c>cuStreamSynchronize(stream).ThrowIfFailed();</c>. A text with values in it is put together only
/// where the call failed.
/// </summary>
internal static unsafe class ResultCheck
{
    /// <exception cref="CudaOutOfMemoryException">The device has no memory left, which is recoverable.</exception>
    /// <exception cref="CudaDeviceLostException">The context is lost: every later call in it says so, too.</exception>
    /// <exception cref="CudaException">Any other failure.</exception>
    public static void ThrowIfFailed(this DriverResult result, [CallerArgumentExpression(nameof(result))] string call = "")
    {
        if (result != DriverResult.Success) throw Of(result, call);
    }

    public static void ThrowIfFailed(
        this DriverResult result, [InterpolatedStringHandlerArgument(nameof(result))] ref FailedCall call)
    {
        if (result != DriverResult.Success) throw Of(result, call.ToString());
    }

    public static void ThrowIfFailed(
        this CublasStatus status, [InterpolatedStringHandlerArgument(nameof(status))] ref FailedCall call)
    {
        if (status != CublasStatus.Success) status.ThrowIfFailed(call.ToString());
    }

    public static void ThrowIfFailed(
        this CudnnStatus status, [InterpolatedStringHandlerArgument(nameof(status))] ref FailedCall call)
    {
        if (status != CudnnStatus.Success) status.ThrowIfFailed(call.ToString());
    }

    public static void ThrowIfFailed(this NvrtcResult result, [CallerArgumentExpression(nameof(result))] string call = "")
    {
        if (result == NvrtcResult.Success) return;
        throw new CudaException(call, $"nvrtcResult {(int)result}", Text(NvrtcApi.nvrtcGetErrorString(result)));
    }

    public static void ThrowIfFailed(this CublasStatus status, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status == CublasStatus.Success) return;
        CudaContext.ThrowIfCurrentIsLost(call);
        string error = $"cublasStatus {(int)status}";
        if (status == CublasStatus.AllocationFailed) throw OutOfMemory(call, error);
        throw new CudaException(call, error, Text(CublasApi.cublasGetStatusString(status)));
    }

    public static void ThrowIfFailed(this CudnnStatus status, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status == CudnnStatus.Success) return;
        CudaContext.ThrowIfCurrentIsLost(call);
        string error = $"{Text(CudnnApi.cudnnGetErrorString(status))} ({(int)status})";
        if (status == CudnnStatus.DeviceAllocationFailed) throw OutOfMemory(call, error);
        byte* message = stackalloc byte[1024];
        message[0] = 0;
        CudnnApi.cudnnGetLastErrorString(message, 1024);
        throw new CudaException(call, error, Text(message));
    }

    /// <summary>The exception for a driver result; the current context is marked where the result ends it.</summary>
    public static CudaException Of(DriverResult result, string call)
    {
        string error = NameOf(result);
        if (result == DriverResult.OutOfMemory) return OutOfMemory(call, error);
        string explanation = DriverApi.cuGetErrorString(result, out byte* text) == DriverResult.Success ? Text(text) : "";
        if (!EndsTheContext(result)) return new CudaException(call, error, explanation);
        var lost = new CudaDeviceLostException(call, error, explanation);
        CudaContext.Current?.MarkLost(lost);
        return lost;
    }

    /// <summary>
    /// Results after which, in the driver's documentation, the process must be started again; and hardware errors that leave
    /// the memory's contents unknown.
    /// </summary>
    public static bool EndsTheContext(DriverResult result) => result is
        DriverResult.IllegalAddress or DriverResult.LaunchTimeout or DriverResult.ContextIsDestroyed or DriverResult.Assert
        or DriverResult.HardwareStackError or DriverResult.IllegalInstruction or DriverResult.MisalignedAddress
        or DriverResult.InvalidAddressSpace or DriverResult.InvalidProgramCounter or DriverResult.LaunchFailed
        or DriverResult.TensorMemoryLeak or DriverResult.Contained or DriverResult.EccUncorrectable or DriverResult.NvlinkUncorrectable;

    /// <summary>The driver's name and number of a result, e.g. <c>CUDA_ERROR_NO_DEVICE (100)</c>.</summary>
    public static string NameOf(DriverResult result) =>
        DriverApi.cuGetErrorName(result,
        out byte* name) == DriverResult.Success ? $"{Text(name)} ({(int)result})" : $"CUresult {(int)result}";

    static CudaOutOfMemoryException OutOfMemory(string call, string error) =>
        DriverApi.cuMemGetInfo_v2(out nuint free, out nuint total) == DriverResult.Success
            ? new CudaOutOfMemoryException(call, error, null, (long)free, (long)total)
            : new CudaOutOfMemoryException(call, error, null, null, null);

    static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";
}
