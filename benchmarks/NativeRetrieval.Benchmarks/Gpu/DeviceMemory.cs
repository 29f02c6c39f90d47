using NativeRetrieval.Core.Devices;
using NativeRetrieval.Cuda;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>
/// Memory of work on a device: what it asked the driver for. What driver and libraries take for themselves is not counted.
/// </summary>
internal static class DeviceMemory
{
    /// <summary>
    /// The most bytes in use during one more run: tensors, workspaces of cuBLAS and cuDNN, the memory that recorded work lies in. And the
    /// most that was taken from the driver since <see cref="CudaDevice.ResetPeak"/>, idle blocks and the first runs included.
    /// </summary>
    public static (long PeakBytes, long TakenBytes) Of(Device device, Action run)
    {
        if (device is not CudaDevice cuda) return (device.PeakBytes, device.PeakBytes);
        long taken = cuda.PeakTakenBytes;
        cuda.ResetPeak();
        run();
        cuda.Synchronize();
        // Beside the tensors' pool there are buffers that live as long as what they are of.
        return (cuda.PeakBytes + cuda.TakenBytes - cuda.Memory.ReservedBytes, Math.Max(taken, cuda.PeakTakenBytes));
    }
}
