using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CudaHost;

/// <summary>The calls of the CUDA driver that this host makes for itself, in the place of ManagedCuda or code in C.</summary>
internal static unsafe partial class Driver
{
    const string Library = "libcuda.so.1";
    const uint NonBlocking = 1;

    public static CUcontext RetainPrimaryContext(int ordinal)
    {
        Check(cuInit(0));
        Check(cuDeviceGet(out int device, ordinal));
        Check(cuDevicePrimaryCtxRetain(out var context, device));
        Check(cuCtxSetCurrent(context));
        return context;
    }

    public static void ReleasePrimaryContext(int ordinal)
    {
        Check(cuDeviceGet(out int device, ordinal));
        Check(cuDevicePrimaryCtxRelease_v2(device));
    }

    public static CUstream NewStream()
    {
        Check(cuStreamCreateWithPriority(out var stream, NonBlocking, 0));
        return stream;
    }

    public static void Destroy(CUstream stream) => Check(cuStreamDestroy_v2(stream));

    public static CUdeviceptr Allocate(int floats)
    {
        Check(cuMemAlloc_v2(out var memory, (nuint)floats * sizeof(float)));
        return memory;
    }

    public static void Free(CUdeviceptr memory) => Check(cuMemFree_v2(memory));

    /// <summary>Queues a copy to the GPU; the values stay where they are until the stream is waited for.</summary>
    public static void Upload(float* values, CUdeviceptr target, int count, CUstream stream) =>
        Check(cuMemcpyHtoDAsync_v2(target, values, (nuint)count * sizeof(float), stream));

    /// <summary>Copies values from the GPU behind what the stream holds, and waits for them.</summary>
    public static float[] Download(CUdeviceptr source, int count, CUstream stream)
    {
        var values = new float[count];
        fixed (float* target = values)
        {
            Check(cuMemcpyDtoHAsync_v2(target, source, (nuint)count * sizeof(float), stream));
            Check(cuStreamSynchronize(stream));
        }
        return values;
    }

    static void Check(int result, [CallerArgumentExpression(nameof(result))] string call = "")
    {
        if (result != 0) throw new InvalidOperationException($"CUDA error {result}: {call}");
    }

    [LibraryImport(Library)] private static partial int cuInit(uint flags);

    [LibraryImport(Library)] private static partial int cuDeviceGet(out int device, int ordinal);

    [LibraryImport(Library)] private static partial int cuDevicePrimaryCtxRetain(out CUcontext context, int device);

    [LibraryImport(Library)] private static partial int cuDevicePrimaryCtxRelease_v2(int device);

    [LibraryImport(Library)] private static partial int cuCtxSetCurrent(CUcontext context);

    [LibraryImport(Library)] private static partial int cuStreamCreateWithPriority(out CUstream stream, uint flags, int priority);

    [LibraryImport(Library)] private static partial int cuStreamDestroy_v2(CUstream stream);

    [LibraryImport(Library)] private static partial int cuStreamSynchronize(CUstream stream);

    [LibraryImport(Library)] private static partial int cuMemAlloc_v2(out CUdeviceptr memory, nuint bytes);

    [LibraryImport(Library)] private static partial int cuMemFree_v2(CUdeviceptr memory);

    [LibraryImport(Library)]
    private static partial int cuMemcpyHtoDAsync_v2(CUdeviceptr target, float* source, nuint bytes, CUstream stream);

    [LibraryImport(Library)]
    private static partial int cuMemcpyDtoHAsync_v2(float* target, CUdeviceptr source, nuint bytes, CUstream stream);
}
