using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop.Libraries;

namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>
/// Functions of libcuda.so.1, under names whose meaning is the same in CUDA 11.8 to 13.x. A name without its version suffix is not
/// the newest form but the oldest: plain <c>cuMemAlloc</c> is CUDA 2's 32-bit call.
/// </summary>
internal static unsafe partial class DriverApi
{
    public const string Library = CudaLibraries.Driver;

    static DriverApi() => CudaLibraries.ConnectImports();

    [LibraryImport(Library)] public static partial DriverResult cuInit(uint flags);

    [LibraryImport(Library)] public static partial DriverResult cuGetErrorName(DriverResult error, out byte* name);

    [LibraryImport(Library)] public static partial DriverResult cuGetErrorString(DriverResult error, out byte* text);

    [LibraryImport(Library)] public static partial DriverResult cuDeviceGet(out int device, int ordinal);

    [LibraryImport(Library)] public static partial DriverResult cuDeviceGetCount(out int count);

    [LibraryImport(Library)] public static partial DriverResult cuDeviceGetName(byte* name, int length, int device);

    [LibraryImport(Library)] public static partial DriverResult cuDeviceGetAttribute(out int value, DeviceAttribute attribute, int device);

    [LibraryImport(Library)] public static partial DriverResult cuDeviceTotalMem_v2(out nuint bytes, int device);

    [LibraryImport(Library)] public static partial DriverResult cuDeviceGetUuid_v2(out DeviceUuid uuid, int device);

    [LibraryImport(Library)] public static partial DriverResult cuDevicePrimaryCtxRetain(out nint context, int device);

    [LibraryImport(Library)] public static partial DriverResult cuDevicePrimaryCtxRelease_v2(int device);

    [LibraryImport(Library)] public static partial DriverResult cuCtxSetCurrent(nint context);

    [LibraryImport(Library)] public static partial DriverResult cuCtxGetCurrent(out nint context);

    [LibraryImport(Library)] public static partial DriverResult cuCtxSynchronize();

    [LibraryImport(Library)] public static partial DriverResult cuMemAlloc_v2(out nint address, nuint bytes);

    [LibraryImport(Library)] public static partial DriverResult cuMemFree_v2(nint address);

    [LibraryImport(Library)] public static partial DriverResult cuMemGetInfo_v2(out nuint free, out nuint total);

    [LibraryImport(Library)] public static partial DriverResult cuMemHostAlloc(out void* address, nuint bytes, HostMemoryFlags flags);

    [LibraryImport(Library)] public static partial DriverResult cuMemFreeHost(void* address);

    [LibraryImport(Library)]
    public static partial DriverResult cuMemcpyHtoDAsync_v2(nint target, void* source, nuint bytes, StreamHandle stream);

    [LibraryImport(Library)]
    public static partial DriverResult cuMemcpyDtoHAsync_v2(void* target, nint source, nuint bytes, StreamHandle stream);

    [LibraryImport(Library)]
    public static partial DriverResult cuMemcpyDtoDAsync_v2(nint target, nint source, nuint bytes, StreamHandle stream);

    [LibraryImport(Library)] public static partial DriverResult cuMemsetD8Async(nint target, byte value, nuint count, StreamHandle stream);

    [LibraryImport(Library)]
    public static partial DriverResult cuModuleLoadDataEx(
        out nint module, void* image, uint optionCount, JitOption* options, void** values);

    [LibraryImport(Library)] public static partial DriverResult cuModuleUnload(nint module);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial DriverResult cuModuleGetFunction(out nint function, KernelModuleHandle module, string name);

    [LibraryImport(Library)] public static partial DriverResult cuFuncSetAttribute(nint function, FunctionAttribute attribute, int value);

    /// <param name="parameters">One pointer per kernel parameter, to its value; the driver copies the values before it returns.</param>
    [LibraryImport(Library)]
    public static partial DriverResult cuLaunchKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint dynamicSharedBytes,
        StreamHandle stream, void** parameters, void** extra);

    [LibraryImport(Library)]
    public static partial DriverResult cuStreamCreateWithPriority(out nint stream, StreamFlags flags, int priority);

    [LibraryImport(Library)] public static partial DriverResult cuStreamDestroy_v2(nint stream);

    [LibraryImport(Library)] public static partial DriverResult cuStreamSynchronize(StreamHandle stream);

    [LibraryImport(Library)] public static partial DriverResult cuStreamQuery(StreamHandle stream);

    [LibraryImport(Library)] public static partial DriverResult cuStreamWaitEvent(StreamHandle stream, EventHandle @event, uint flags);

    [LibraryImport(Library)] public static partial DriverResult cuEventCreate(out nint @event, EventFlags flags);

    [LibraryImport(Library)] public static partial DriverResult cuEventDestroy_v2(nint @event);

    [LibraryImport(Library)] public static partial DriverResult cuEventRecord(EventHandle @event, StreamHandle stream);

    [LibraryImport(Library)] public static partial DriverResult cuEventSynchronize(EventHandle @event);

    [LibraryImport(Library)] public static partial DriverResult cuEventQuery(EventHandle @event);

    /// <summary>The headers of CUDA 13 name only the twin below; a driver before 12.8 has only this one.</summary>
    [LibraryImport(Library), OptionalExport("2.0")]
    public static partial DriverResult cuEventElapsedTime(out float milliseconds, EventHandle start, EventHandle end);

    [LibraryImport(Library), OptionalExport("12.8")]
    public static partial DriverResult cuEventElapsedTime_v2(out float milliseconds, EventHandle start, EventHandle end);

    [LibraryImport(Library)] public static partial DriverResult cuStreamBeginCapture_v2(StreamHandle stream, CaptureMode mode);

    [LibraryImport(Library)] public static partial DriverResult cuStreamEndCapture(StreamHandle stream, out nint graph);

    [LibraryImport(Library)]
    public static partial DriverResult cuGraphInstantiateWithFlags(out nint executable, GraphHandle graph, ulong flags);

    [LibraryImport(Library)] public static partial DriverResult cuGraphLaunch(GraphExecutableHandle executable, StreamHandle stream);

    [LibraryImport(Library)] public static partial DriverResult cuGraphExecDestroy(nint executable);

    [LibraryImport(Library)] public static partial DriverResult cuGraphDestroy(nint graph);
}
