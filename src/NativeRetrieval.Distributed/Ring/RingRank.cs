using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NativeRetrieval.Distributed.Ring;

/// <summary>
/// The algorithms of a rank in the ring. An all-reduce cuts the elements into as many chunks as there are ranks: chunk c starts at rank
/// c, every rank behind adds its own, the last one has the sum, and the sums go round once more. Each rank sends 2·(n − 1)/n of the bytes,
/// for any number n of ranks. Chunk c is x_c + x_(c+1) + … + x_(c+n−1), ranks modulo n, on every rank.
/// </summary>
internal sealed unsafe class RingRank : IDisposable
{
    const int BlockBytes = 256 << 10;

    readonly RingLinks _links;
    readonly byte* _block = (byte*)NativeMemory.AlignedAlloc(BlockBytes, 64);

    public RingRank(RingLinks links, int rank, int worldSize) => (_links, Rank, WorldSize) = (links, rank, worldSize);

    public int Rank { get; }

    public int WorldSize { get; }

    /// <summary>Compares a call with that of the rank before.</summary>
    /// <exception cref="CallsDifferException">They are not the same.</exception>
    public void Agree(Call call)
    {
        Call theirs;
        _links.Send(&call, sizeof(Call));
        _links.Receive(&theirs, sizeof(Call));
        _links.Flush();
        if (theirs != call) throw new CallsDifferException(Behind(1), theirs, Rank, call);
    }

    public void AllReduce<T>(T* values, long count) where T : unmanaged, INumber<T>
    {
        for (int step = 0; step < WorldSize - 1; step++)
        {
            var (start, size) = Chunk(Behind(step), count);
            _links.Send(values + start, size * sizeof(T));
            (start, size) = Chunk(Behind(step + 1), count);
            ReceiveAndAdd(values + start, size);
        }
        for (int step = 0; step < WorldSize - 1; step++)
        {
            var (start, size) = Chunk(Behind(step - 1), count);
            _links.Send(values + start, size * sizeof(T));
            (start, size) = Chunk(Behind(step), count);
            _links.Receive(values + start, size * sizeof(T));
        }
        _links.Flush();
    }

    /// <param name="whole">Parts of all ranks, in rank order; this rank's is there already.</param>
    /// <param name="ends">The end of each rank's part, in bytes.</param>
    public void AllGather(byte* whole, ReadOnlySpan<long> ends)
    {
        for (int step = 0; step < WorldSize - 1; step++)
        {
            var (start, size) = Part(ends, Behind(step));
            _links.Send(whole + start, size);
            (start, size) = Part(ends, Behind(step + 1));
            _links.Receive(whole + start, size);
        }
        _links.Flush();
    }

    public void Broadcast(byte* values, long bytes, int root)
    {
        bool isLast = (Rank + 1) % WorldSize == root;
        for (long done = 0; done < bytes; done += BlockBytes)
        {
            long size = Math.Min(bytes - done, BlockBytes);
            if (Rank != root) _links.Receive(values + done, size);
            if (!isLast) _links.Send(values + done, size);
        }
        _links.Flush();
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_block);
        _links.Dispose();
    }

    /// <summary>The rank so many places before this one.</summary>
    int Behind(int places) => (Rank - places + WorldSize) % WorldSize;

    (long Start, long Size) Chunk(int index, long count)
    {
        long start = (long)((Int128)count * index / WorldSize);
        return (start, (long)((Int128)count * (index + 1) / WorldSize) - start);
    }

    static (long Start, long Size) Part(ReadOnlySpan<long> ends, int index)
    {
        long start = index == 0 ? 0 : ends[index - 1];
        return (start, ends[index] - start);
    }

    void ReceiveAndAdd<T>(T* sums, long count) where T : unmanaged, INumber<T>
    {
        for (long done = 0; done < count;)
        {
            int size = (int)Math.Min(count - done, BlockBytes / sizeof(T));
            _links.Receive(_block, (long)size * sizeof(T));
            Add(sums + done, (T*)_block, size);
            done += size;
        }
    }

    static void Add<T>(T* sums, T* values, int count) where T : unmanaged, INumber<T>
    {
        int i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count)
            Unsafe.WriteUnaligned(sums + i, Unsafe.ReadUnaligned<Vector<T>>(sums + i) + Unsafe.ReadUnaligned<Vector<T>>(values + i));
        for (; i < count; i++) sums[i] += values[i];
    }
}
