using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Distributed;

namespace NativeRetrieval.Distributed.Tests.Nccl;

/// <summary>
/// A group whose rank does what its device has to do before it waits for others on the host. A GPU does so by itself; the emulator works
/// only for a rank that waits for it, and another rank might wait for that.
/// </summary>
internal sealed class DrainedGroup(NcclGroup group, CudaDevice device) : IProcessGroup
{
    public int Rank => group.Rank;

    public int WorldSize => group.WorldSize;

    public TimeSpan Waited => group.Waited;

    public ICollectiveWork AllReduce(Tensor tensor) => group.AllReduce(tensor);

    public ICollectiveWork AllGather(Tensor part, Tensor whole) => group.AllGather(part, whole);

    public ICollectiveWork Broadcast(Tensor tensor, int root) => group.Broadcast(tensor, root);

    public void AllReduce(Span<double> values)
    {
        device.Synchronize();
        group.AllReduce(values);
    }

    public void AllReduce(Span<long> values)
    {
        device.Synchronize();
        group.AllReduce(values);
    }

    public void Barrier()
    {
        device.Synchronize();
        group.Barrier();
    }

    public IReadOnlyList<byte[]> Exchange(ReadOnlySpan<byte> value)
    {
        device.Synchronize();
        return group.Exchange(value);
    }

    public void Abort(string reason) => group.Abort(reason);

    public void Dispose() => group.Dispose();
}
