using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases;

/// <summary>The only rank of its group: every sum is its own, and nobody is waited for.</summary>
sealed class LoneRank : IProcessGroup
{
    public int Rank => 0;

    public int WorldSize => 1;

    public TimeSpan Waited => TimeSpan.Zero;

    public ICollectiveWork AllReduce(Tensor tensor) => new Done();

    public ICollectiveWork AllGather(Tensor part, Tensor whole)
    {
        whole.CopyFrom(part);
        return new Done();
    }

    public ICollectiveWork Broadcast(Tensor tensor, int root) => new Done();

    public void AllReduce(Span<double> values)
    {
    }

    public void AllReduce(Span<long> values)
    {
    }

    public void Barrier()
    {
    }

    public IReadOnlyList<byte[]> Exchange(ReadOnlySpan<byte> value) => [value.ToArray()];

    public void Abort(string reason)
    {
    }

    public void Dispose()
    {
    }

    sealed class Done : ICollectiveWork
    {
        public void Wait()
        {
        }
    }
}
