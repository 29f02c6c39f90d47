using System.Runtime.InteropServices;

namespace NativeRetrieval.Core.Devices;

/// <summary>
/// Blocks of host memory cut from chunks by best fit; idle neighbours are joined. Memory that one phase of a training step frees so serves
/// the next one, whose tensors have other sizes. Its owner's lock makes it safe.
/// </summary>
internal sealed unsafe partial class LargeBlocks
{
    /// <summary>Sizes of blocks are multiples of this.</summary>
    public const long Granule = 64 << 10;

    const long ChunkBytes = 64L << 20;
    const nuint HugePage = 2 << 20;
    const int UseHugePages = 14; // MADV_HUGEPAGE

    readonly List<(long Bytes, nint Address)> _idle = []; // ascending
    readonly Dictionary<nint, Piece> _pieces = [];
    readonly Stack<Piece> _spare = [];

    /// <summary>Bytes of all chunks.</summary>
    public long TotalBytes { get; private set; }

    /// <summary>A part of the smallest idle piece that is large enough; 0 where there is none.</summary>
    public nint TryTake(long bytes)
    {
        int at = _idle.BinarySearch((bytes, 0));
        if (at < 0) at = ~at;
        if (at == _idle.Count) return 0;
        var piece = _pieces[_idle[at].Address];
        _idle.RemoveAt(at);
        piece.IsIdle = false;
        if (piece.Bytes > bytes)
        {
            var rest = Add(piece.Address + (nint)bytes, piece.Bytes - bytes, piece, piece.After);
            if (piece.After is not null) piece.After.Before = rest;
            (piece.After, piece.Bytes) = (rest, bytes);
            Rest(rest);
        }
        return piece.Address;
    }

    /// <summary>Adds a chunk with room for a block. Its pages are the system's until they are written to.</summary>
    /// <exception cref="OutOfMemoryException">The system has not that much memory.</exception>
    public void Grow(long bytes)
    {
        bytes = (Math.Max(bytes, ChunkBytes) + (long)HugePage - 1) / (long)HugePage * (long)HugePage;
        void* chunk = NativeMemory.AlignedAlloc((nuint)bytes, HugePage);
        if (OperatingSystem.IsLinux()) _ = AdviseMemory(chunk, (nuint)bytes, UseHugePages);
        TotalBytes += bytes;
        Rest(Add((nint)chunk, bytes, null, null));
    }

    /// <summary>Takes a block back.</summary>
    public void Return(nint address)
    {
        var piece = _pieces[address];
        if (piece.After is { IsIdle: true } after)
        {
            Forget(after);
            Absorb(piece, after);
        }
        if (piece.Before is { IsIdle: true } before)
        {
            Forget(before);
            Absorb(before, piece);
            piece = before;
        }
        Rest(piece);
    }

    /// <summary>Gives chunks without a block in use back to the system.</summary>
    public void Trim()
    {
        for (int i = _idle.Count - 1; i >= 0; i--)
        {
            var (bytes, address) = _idle[i];
            if (_pieces[address] is not { Before: null, After: null }) continue;
            _idle.RemoveAt(i);
            _pieces.Remove(address);
            NativeMemory.AlignedFree((void*)address);
            TotalBytes -= bytes;
        }
    }

    Piece Add(nint address, long bytes, Piece? before, Piece? after)
    {
        if (!_spare.TryPop(out var piece)) piece = new();
        (piece.Address, piece.Bytes, piece.Before, piece.After, piece.IsIdle) = (address, bytes, before, after, false);
        _pieces.Add(address, piece);
        return piece;
    }

    void Rest(Piece piece)
    {
        piece.IsIdle = true;
        _idle.Insert(~_idle.BinarySearch((piece.Bytes, piece.Address)), (piece.Bytes, piece.Address));
    }

    void Forget(Piece idle) => _idle.RemoveAt(_idle.BinarySearch((idle.Bytes, idle.Address)));

    void Absorb(Piece piece, Piece after)
    {
        piece.Bytes += after.Bytes;
        piece.After = after.After;
        if (piece.After is not null) piece.After.Before = piece;
        _pieces.Remove(after.Address);
        _spare.Push(after);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int AdviseMemory(void* address, nuint length, int advice);

    /// <summary>A run of bytes of a chunk, and its neighbours there.</summary>
    sealed class Piece
    {
        public nint Address { get; set; }

        public long Bytes { get; set; }

        public Piece? Before { get; set; }

        public Piece? After { get; set; }

        public bool IsIdle { get; set; }
    }
}
