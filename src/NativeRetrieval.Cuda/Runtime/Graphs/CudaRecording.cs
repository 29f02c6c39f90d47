using System.Runtime.InteropServices;
using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Cuda.Runtime.Graphs;

/// <summary>A graph of a device's work with its constants and the number that its Philox streams move by.</summary>
internal sealed class CudaRecording(CudaDevice device, CudaGraph graph, DeviceBuffer? constants, DeviceBuffer offset) : RecordedWork
{
    long? _offset;

    public override void Launch(long streamOffset)
    {
        if (_offset != streamOffset)
        {
            device.Renew(offset.Address, MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in streamOffset)));
            _offset = streamOffset;
        }
        graph.Launch(device.Stream);
        device.Graphs.HasLaunched();
        device.MayHaveFaults();
    }

    public override void Dispose()
    {
        if (!device.Context.IsLost) device.Stream.Synchronize(); // a launch may be under way
        graph.Dispose();
        constants?.Dispose();
        offset.Dispose();
    }
}

/// <summary>Memory that recordings of one owner share.</summary>
internal sealed class GraphMemory(CudaDevice device, long sizeBytes, Action<GraphMemory> gone) : IDisposable
{
    readonly DeviceBuffer _buffer = new(device.Context, Math.Max(sizeBytes, 1));

    public nint Address => _buffer.Address;

    public long SizeBytes => sizeBytes;

    public bool Holds(nint address) => address >= Address && address < Address + (nint)sizeBytes;

    public void Dispose()
    {
        if (!device.Context.IsLost) device.Stream.Synchronize();
        gone(this);
        _buffer.Dispose();
    }
}
