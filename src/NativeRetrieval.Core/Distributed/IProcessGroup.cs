using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Distributed;

/// <summary>
/// Ranks 0 … <see cref="WorldSize"/> − 1 that work on one job, each in a process of its own, and exchange tensors. Every rank calls the
/// same collectives in the same order with tensors of equal dtype and size; one that does not is named in the exception of all. A group
/// is used by one thread at a time, except for <see cref="Abort"/>, which any thread may call.
/// </summary>
/// <exception cref="DistributedException">
/// Thrown by every member on every rank, once one rank died, hangs, disagrees or gave up; the group is of no more use then.
/// </exception>
public interface IProcessGroup : IDisposable
{
    /// <summary>The number of this rank, from 0.</summary>
    int Rank { get; }

    /// <summary>The number of ranks, at least 1.</summary>
    int WorldSize { get; }

    /// <summary>The time that this rank has spent in waiting for others, in all calls together.</summary>
    TimeSpan Waited { get; }

    /// <summary>
    /// Sums a tensor over the ranks, in place and in memory order. The order of the summands depends on nothing but the number of ranks
    /// and of elements, and every rank ends with the same bits. Returns at once: until <see cref="ICollectiveWork.Wait"/> has returned the
    /// tensor is neither read, nor written, nor disposed.
    /// </summary>
    /// <param name="tensor">float32, float64 or int64, of any layout.</param>
    ICollectiveWork AllReduce(Tensor tensor);

    /// <summary>
    /// Puts the tensors of all ranks one behind the other, in rank order. Returns at once, as <see cref="AllReduce(Tensor)"/> does.
    /// </summary>
    /// <param name="part">[n, …] of this rank, contiguous, of any dtype.</param>
    /// <param name="whole">[<see cref="WorldSize"/>·n, …], contiguous, of the same dtype: gets the parts of all ranks.</param>
    ICollectiveWork AllGather(Tensor part, Tensor whole);

    /// <summary>Overwrites a tensor with that of one rank. Returns at once, as <see cref="AllReduce(Tensor)"/> does.</summary>
    /// <param name="tensor">Any dtype and layout.</param>
    /// <param name="root">The rank whose values all get.</param>
    ICollectiveWork Broadcast(Tensor tensor, int root);

    /// <summary>Sums numbers on the host over the ranks, in place and in rank order; every rank ends with the same bits.</summary>
    void AllReduce(Span<double> values);

    /// <summary>Sums counts on the host over the ranks, in place.</summary>
    void AllReduce(Span<long> values);

    /// <summary>
    /// Returns once every rank has called it and this rank's collectives before it have ended. Where another rank died, a collective on a
    /// GPU is aborted and leaves anything behind: what is to last, such as a checkpoint, is written behind a barrier.
    /// </summary>
    void Barrier();

    /// <summary>Bytes from every rank, in rank order, for settings, hashes and small state. Lengths may differ.</summary>
    IReadOnlyList<byte[]> Exchange(ReadOnlySpan<byte> value);

    /// <summary>
    /// Ends the job on all ranks: each one's present or next call throws a <see cref="DistributedException"/> that names this rank and the
    /// reason. Does nothing on a group that has failed already.
    /// </summary>
    /// <param name="reason">The failure of this rank, in a form fit for users.</param>
    void Abort(string reason);
}

/// <summary>A collective that is under way.</summary>
public interface ICollectiveWork
{
    /// <summary>
    /// Waits for the result: on the CPU until it is there, on CUDA by ordering the device's stream behind it, which does not hold up this
    /// thread. May be called again.
    /// </summary>
    /// <exception cref="DistributedException">The collective failed on this or another rank.</exception>
    void Wait();
}
