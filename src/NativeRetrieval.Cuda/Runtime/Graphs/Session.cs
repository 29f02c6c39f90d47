using NativeRetrieval.Core.Errors;
using NativeRetrieval.Cuda.Errors;

namespace NativeRetrieval.Cuda.Runtime.Graphs;

/// <summary>One thread's rehearsal or recording: where its work is queued and its memory lies.</summary>
/// <param name="stream">The stream that records; null in a rehearsal, which runs as always and is only watched.</param>
/// <param name="memory">The address of a recording's memory.</param>
/// <param name="constants">Memory of a recording for values that never change; null: it has none.</param>
internal sealed class Session(CudaDevice device, CudaStream? stream, nint memory, ArenaLayout layout, DeviceBuffer? constants)
{
    readonly Dictionary<nint, long> _watched = [];
    readonly List<(nint Address, byte[] Values)> _uploads = [];

    public CudaDevice Device => device;

    public CudaStream? Stream => stream;

    public ArenaLayout Layout => layout;

    public bool IsRecording => stream is not null;

    /// <summary>The address of the numbers that Philox streams move by: stream, token.</summary>
    public nint StreamMoves { get; init; }

    /// <summary>Called behind each launch of what is recorded here; null: nobody asks for it.</summary>
    public Action? Launched { get; set; }

    /// <summary>Bytes of constants so far, each begun at a multiple of the alignment.</summary>
    public long ConstantBytes { get; private set; }

    /// <summary>A block of a recording.</summary>
    /// <exception cref="CudaOutOfMemoryException">The recording's memory does not suffice.</exception>
    public nint Take(long sizeBytes)
    {
        long place = layout.Take(sizeBytes);
        return place >= 0 ? memory + (nint)place : throw new CudaException("recorded work", "no memory",
            $"a block of {sizeBytes} bytes does not fit into what its first run needed");
    }

    /// <summary>Takes a block back; false where it is none of this recording's.</summary>
    public bool TryFree(nint address) => address >= memory && layout.Free(address - memory);

    /// <summary>Notes a block that a rehearsal was given.</summary>
    public void Watch(nint address, long sizeBytes) => _watched[address] = layout.Take(sizeBytes);

    /// <summary>Blocks from outside that recorded work freed: its replays would use them.</summary>
    public int FreedOthers { get; private set; }

    /// <summary>Notes a block that is not the recording's and is given back.</summary>
    public void Left(nint address)
    {
        if (IsRecording) FreedOthers++;
        else if (_watched.Remove(address, out long place)) layout.Free(place);
    }

    /// <summary>Counts a constant, and gives it memory where work is recorded: 0 in a rehearsal.</summary>
    public nint TakeConstant(ReadOnlySpan<byte> values)
    {
        const long Alignment = 512;
        long at = ConstantBytes;
        ConstantBytes += (values.Length + Alignment - 1) / Alignment * Alignment;
        if (!IsRecording) return 0;
        if (constants is null || ConstantBytes > constants.SizeBytes)
            throw new CudaException("recorded work", "no memory", "it uploads more constants than its first run");
        nint address = constants.Address + (nint)at;
        _uploads.Add((address, values.ToArray()));
        return address;
    }

    /// <summary>Fills the constants, once the work is recorded.</summary>
    public void UploadConstants()
    {
        foreach (var (address, values) in _uploads) device.CopyIn(values, address);
    }

    /// <summary>Refuses host values and reading while work is recorded.</summary>
    /// <exception cref="NativeRetrievalException">Work is recorded.</exception>
    public void RequireNoRecording(string what)
    {
        if (IsRecording) throw new NativeRetrievalException($"{what} while work is recorded: it would be done once, not with every replay");
    }
}
