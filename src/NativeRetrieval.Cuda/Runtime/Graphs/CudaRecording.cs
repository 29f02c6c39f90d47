using System.Runtime.InteropServices;
using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Cuda.Runtime.Graphs;

/// <summary>A graph of a device's work with its constants and the numbers that its Philox streams move by.</summary>
/// <param name="launched">Called behind each launch.</param>
internal sealed class CudaRecording(CudaDevice device, CudaGraph graph, DeviceBuffer? constants, DeviceBuffer moves,
    Action? launched) : RecordedWork
{
    DrawingPlace? _moved;

    public override void Launch(DrawingPlace moved)
    {
        if (_moved != moved)
        {
            device.Renew(moves.Address, MemoryMarshal.AsBytes((ReadOnlySpan<long>)[moved.FirstStream, moved.FirstToken]));
            _moved = moved;
        }
        graph.Launch(device.Stream);
        device.Graphs.HasLaunched();
        launched?.Invoke();
        device.MayHaveFaults();
    }

    public override void Dispose()
    {
        if (!device.Context.IsLost) device.Stream.Synchronize(); // a launch may be under way
        graph.Dispose();
        constants?.Dispose();
        moves.Dispose();
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
