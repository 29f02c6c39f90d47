using System.Runtime.InteropServices;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Distributed.Joining;
using NativeRetrieval.Distributed.Ring;
using NativeRetrieval.Distributed.Watching;

namespace NativeRetrieval.Distributed;

/// <summary>
/// Ranks that exchange tensors in host memory over TCP, on one machine or several. Collectives run on a thread of their own, beside the
/// computation. Rank 0 watches all others: a rank that dies is found at once, one that hangs within
/// <see cref="TcpGroupOptions.HeartbeatLimit"/>, and every rank throws the same <see cref="DistributedException"/>. The traffic is not
/// encrypted: ranks belong on a network of their own.
/// </summary>
public sealed unsafe class TcpGroup : IMonitoredGroup
{
    /// <summary>The most bytes of a value of <see cref="Exchange(ReadOnlySpan{byte})"/>.</summary>
    public const int LargestExchangeBytes = 64 << 20;

    readonly TcpGroupOptions _options;
    readonly Membership _membership;
    readonly CollectiveQueue _queue;
    long _waitedTicks;
    volatile bool _disposed;

    TcpGroup(TcpGroupOptions options, Membership membership)
    {
        (_options, _membership) = (options, membership);
        _queue = new(Run);
        membership.Watch?.Add(() => _queue.Progress);
    }

    /// <summary>Joins a job, and returns once all of its ranks have joined.</summary>
    /// <param name="options">This process's place in the job.</param>
    /// <param name="cancellation">Gives up; the others are told so.</param>
    /// <exception cref="OptionException">An option is outside its range, or the coordinator's file is something else.</exception>
    /// <exception cref="DistributedException">A rank does not come in time, comes twice, dies or disagrees.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static TcpGroup Join(TcpGroupOptions options, CancellationToken cancellation = default)
    {
        options.Validate();
        var group = new TcpGroup(options, Membership.Obtain(options, cancellation));
        try
        {
            group.Barrier();
            return group;
        }
        catch
        {
            group.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public int Rank => _options.Rank;

    /// <inheritdoc/>
    public int WorldSize => _options.WorldSize;

    /// <summary>The number of this rank among those of its machine, from 0: the GPU to take where each rank has one.</summary>
    public int LocalRank => _membership.LocalRank;

    /// <inheritdoc/>
    public TimeSpan Waited => TimeSpan.FromTicks(Interlocked.Read(ref _waitedTicks));

    /// <inheritdoc/>
    public CancellationToken Failed => _membership.Fault.Token;

    /// <inheritdoc/>
    public DistributedException? Failure => _membership.Fault.Failure;

    /// <inheritdoc/>
    public void Watch(Func<GroupProgress> progress) => _membership.Watch?.Add(progress);

    /// <inheritdoc/>
    public ICollectiveWork AllReduce(Tensor tensor)
    {
        void* values = HostValues(tensor, nameof(AllReduce));
        long count = tensor.StoredCount;
        return tensor.DType switch
        {
            DType.Float32 => Start(CallKind.AllReduce, tensor, count, ring => ring.AllReduce((float*)values, count)),
            DType.Float64 => Start(CallKind.AllReduce, tensor, count, ring => ring.AllReduce((double*)values, count)),
            DType.Int64 => Start(CallKind.AllReduce, tensor, count, ring => ring.AllReduce((long*)values, count)),
            _ => throw new ShapeException($"AllReduce: float32, float64 or int64, got {tensor.Describe()}"),
        };
    }

    /// <inheritdoc/>
    public ICollectiveWork AllGather(Tensor part, Tensor whole)
    {
        part.RequireContiguous(nameof(AllGather));
        whole.RequireContiguous(nameof(AllGather));
        Shape expected = part.Shape.Length == 0 ? [WorldSize] : [checked(WorldSize * part.Shape[0]), .. part.Shape[1..].Sizes];
        if (whole.DType != part.DType || whole.Shape != expected)
            throw new ShapeException($"AllGather: {WorldSize} ranks' {part.Describe()} go into {part.DType} {expected}, got "
                + whole.Describe());
        byte* target = (byte*)HostValues(whole, nameof(AllGather));
        // The part is copied at once: the caller may change it while the others' arrive.
        part.Device.Copy(part.Address, whole.Address + (nint)(Rank * part.SizeBytes), part.SizeBytes);
        long[] ends = [.. Enumerable.Range(1, WorldSize).Select(rank => rank * part.SizeBytes)];
        return Start(CallKind.AllGather, whole, part.StoredCount, ring => ring.AllGather(target, ends));
    }

    /// <inheritdoc/>
    public ICollectiveWork Broadcast(Tensor tensor, int root)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(root);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(root, WorldSize);
        byte* values = (byte*)HostValues(tensor, nameof(Broadcast));
        long bytes = tensor.SizeBytes;
        return Start(CallKind.Broadcast, tensor, tensor.StoredCount, ring => ring.Broadcast(values, bytes, root), root);
    }

    /// <inheritdoc/>
    public void AllReduce(Span<double> values)
    {
        double[] whole = Gather<double>(values, DType.Float64);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = whole[i];
            for (int rank = 1; rank < WorldSize; rank++) values[i] += whole[rank * values.Length + i];
        }
    }

    /// <inheritdoc/>
    public void AllReduce(Span<long> values)
    {
        long[] whole = Gather<long>(values, DType.Int64);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = whole[i];
            for (int rank = 1; rank < WorldSize; rank++) values[i] += whole[rank * values.Length + i];
        }
    }

    /// <inheritdoc/>
    public void Barrier()
    {
        byte[] here = new byte[WorldSize];
        Start(new(_queue.Next, CallKind.Barrier, default, 0, 0), ring => Gather(ring, here, 1)).Wait();
    }

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Exchange(ReadOnlySpan<byte> value)
    {
        if (value.Length > LargestExchangeBytes)
            throw new ArgumentException($"Exchange: at most {LargestExchangeBytes} bytes, got {value.Length}", nameof(value));
        byte[] own = value.ToArray();
        byte[][] all = [];
        Start(new(_queue.Next, CallKind.Exchange, default, 0, 0), ring => all = Exchange(ring, own)).Wait();
        return all;
    }

    /// <inheritdoc/>
    public void Abort(string reason)
    {
        if (_membership.Watch is { } watch) watch.Accuse(new(AccusationKind.GaveUp, Rank, reason));
        else _membership.Fault.Set(new(Rank, $"{Member.Here(Rank)} gave up: {reason}"));
    }

    /// <summary>
    /// Leaves the job. Others that still call collectives throw, as they do where this one is disposed with calls under way.
    /// </summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _membership.Dispose();
        _queue.Dispose();
        _membership.Ring?.Dispose();
    }

    static void* HostValues(Tensor tensor, string op) => tensor.Device.WorksBehind
        ? throw new ShapeException($"{op}: ranks exchange tensors in host memory over TCP, got {tensor.Describe()}; use NcclGroup")
        : tensor.Device.HostPointer(tensor.Address);

    static void Gather(RingRank ring, byte[] whole, int partBytes)
    {
        long[] ends = [.. Enumerable.Range(1, ring.WorldSize).Select(rank => (long)rank * partBytes)];
        fixed (byte* values = whole) ring.AllGather(values, ends);
    }

    static byte[][] Exchange(RingRank ring, byte[] own)
    {
        byte[] sizes = new byte[ring.WorldSize * sizeof(int)];
        BitConverter.TryWriteBytes(sizes.AsSpan(ring.Rank * sizeof(int)), own.Length);
        Gather(ring, sizes, sizeof(int));
        int[] lengths = [.. MemoryMarshal.Cast<byte, int>(sizes)];
        long[] ends = new long[ring.WorldSize];
        for (int rank = 0; rank < ends.Length; rank++)
        {
            if (lengths[rank] is < 0 or > LargestExchangeBytes) throw new LinkException(rank);
            ends[rank] = (rank == 0 ? 0 : ends[rank - 1]) + lengths[rank];
        }
        byte* whole = (byte*)NativeMemory.Alloc((nuint)ends[^1]);
        try
        {
            own.CopyTo(new Span<byte>(whole + ends[ring.Rank] - own.Length, own.Length));
            ring.AllGather(whole, ends);
            return [.. lengths.Select((length, rank) => new Span<byte>(whole + ends[rank] - length, length).ToArray())];
        }
        finally
        {
            NativeMemory.Free(whole);
        }
    }

    /// <summary>Values of all ranks, in rank order.</summary>
    T[] Gather<T>(ReadOnlySpan<T> values, DType type) where T : unmanaged
    {
        byte[] whole = new byte[checked(WorldSize * values.Length * sizeof(T))];
        int bytes = values.Length * sizeof(T);
        MemoryMarshal.AsBytes(values).CopyTo(whole.AsSpan(Rank * bytes));
        Start(new(_queue.Next, CallKind.AllReduceOnHost, type, 0, values.Length), ring => Gather(ring, whole, bytes)).Wait();
        return [.. MemoryMarshal.Cast<byte, T>(whole)];
    }

    Collective Start(CallKind kind, Tensor tensor, long count, Action<RingRank> body, int root = 0)
    {
        // The memory stays until the thread is done with it, even where the caller's scope ends by an exception.
        var held = tensor.Share();
        return Start(new(_queue.Next, kind, tensor.DType, root, count), body, () => tensor.Version++, held.Dispose);
    }

    Collective Start(Call call, Action<RingRank> body, Action? done = null, Action? release = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var collective = new Collective(call, body, done, release, ticks => Interlocked.Add(ref _waitedTicks, ticks));
        _queue.Add(collective);
        return collective;
    }

    void Run(Collective collective)
    {
        var fault = _membership.Fault;
        try
        {
            if (fault.Failure is null && _membership.Ring is { } ring)
            {
                ring.Agree(collective.Call);
                collective.Run(ring);
            }
        }
        catch (LinkException broken)
        {
            if (_disposed) fault.Set(new(Rank, $"rank {Rank} left the job with collectives under way"));
            else _membership.Accuse(new(AccusationKind.Lost, broken.Rank, broken.Message));
        }
        catch (CallsDifferException differ)
        {
            _membership.Accuse(new(AccusationKind.Differs, differ.Previous, differ.Message));
        }
        catch (Exception error)
        {
            _membership.Accuse(new(AccusationKind.GaveUp, Rank, error.Message));
        }
        collective.End(fault.Failure);
    }
}
