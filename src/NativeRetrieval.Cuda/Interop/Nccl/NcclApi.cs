using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Interop.Libraries;

namespace NativeRetrieval.Cuda.Interop.Nccl;

/// <summary>
/// Functions of libnccl, as nccl.h has declared them from 2.18 to 2.30. They are looked up by name when the library is first needed: no
/// program without several GPUs needs it.
/// </summary>
internal sealed unsafe class NcclApi
{
    /// <summary>Every name that is looked up; a library that lacks one is refused.</summary>
    public static string[] Names { get; } =
    [
        "ncclGetVersion", "ncclGetUniqueId", "ncclCommInitRank", "ncclCommDestroy", "ncclCommAbort", "ncclCommGetAsyncError",
        "ncclAllReduce", "ncclBroadcast", "ncclAllGather", "ncclGetErrorString", "ncclGetLastError",
    ];

    static readonly Lazy<NcclApi> _loaded = new(() => new(CudaLibraries.Require(LibraryFamily.Nccl)));

    readonly delegate* unmanaged<UniqueId*, NcclResult> _getUniqueId;
    readonly delegate* unmanaged<nint*, int, UniqueId, int, NcclResult> _commInitRank;
    readonly delegate* unmanaged<nint, NcclResult> _commDestroy, _commAbort;
    readonly delegate* unmanaged<nint, NcclResult*, NcclResult> _commGetAsyncError;
    readonly delegate* unmanaged<nint, nint, nuint, NcclDataType, NcclReduction, nint, nint, NcclResult> _allReduce;
    readonly delegate* unmanaged<nint, nint, nuint, NcclDataType, int, nint, nint, NcclResult> _broadcast;
    readonly delegate* unmanaged<nint, nint, nuint, NcclDataType, nint, nint, NcclResult> _allGather;
    readonly delegate* unmanaged<NcclResult, byte*> _getErrorString;
    readonly delegate* unmanaged<nint, byte*> _getLastError;

    NcclApi(LibrarySearchResult library)
    {
        Version = library.Version!.Own;
        _getUniqueId = (delegate* unmanaged<UniqueId*, NcclResult>)Export("ncclGetUniqueId");
        _commInitRank = (delegate* unmanaged<nint*, int, UniqueId, int, NcclResult>)Export("ncclCommInitRank");
        _commDestroy = (delegate* unmanaged<nint, NcclResult>)Export("ncclCommDestroy");
        _commAbort = (delegate* unmanaged<nint, NcclResult>)Export("ncclCommAbort");
        _commGetAsyncError = (delegate* unmanaged<nint, NcclResult*, NcclResult>)Export("ncclCommGetAsyncError");
        _allReduce = (delegate* unmanaged<nint, nint, nuint, NcclDataType, NcclReduction, nint, nint, NcclResult>)Export("ncclAllReduce");
        _broadcast = (delegate* unmanaged<nint, nint, nuint, NcclDataType, int, nint, nint, NcclResult>)Export("ncclBroadcast");
        _allGather = (delegate* unmanaged<nint, nint, nuint, NcclDataType, nint, nint, NcclResult>)Export("ncclAllGather");
        _getErrorString = (delegate* unmanaged<NcclResult, byte*>)Export("ncclGetErrorString");
        _getLastError = (delegate* unmanaged<nint, byte*>)Export("ncclGetLastError");

        nint Export(string name) => NativeLibrary.GetExport(library.Handle, name);
    }

    /// <summary>The library's version, e.g. 2.27.3.</summary>
    public Version Version { get; }

    /// <exception cref="CudaUnavailableException">NCCL is not on this machine; the message says what to install.</exception>
    public static NcclApi Load() => _loaded.Value;

    /// <summary>A number for a new communicator, which all of its ranks begin with.</summary>
    public UniqueId NewId()
    {
        UniqueId id;
        Check(_getUniqueId(&id), "ncclGetUniqueId()", 0);
        return id;
    }

    /// <summary>Meets the other ranks; blocks until all have come. The device's context is current.</summary>
    public nint Join(int worldSize, UniqueId id, int rank)
    {
        nint communicator;
        Check(_commInitRank(&communicator, worldSize, id, rank), $"ncclCommInitRank({worldSize} ranks, rank {rank})", 0);
        return communicator;
    }

    public NcclResult Destroy(nint communicator) => _commDestroy(communicator);

    /// <summary>Ends what is under way, on the device, too.</summary>
    public NcclResult Abort(nint communicator) => _commAbort(communicator);

    /// <summary>Throws what has failed since, such as the network to another rank.</summary>
    public void CheckAsync(nint communicator)
    {
        NcclResult error;
        Check(_commGetAsyncError(communicator, &error), "ncclCommGetAsyncError", communicator);
        if (error != NcclResult.InProgress) Check(error, "a collective", communicator);
    }

    public void SumAll(nint values, long count, NcclDataType type, nint communicator, StreamHandle stream) =>
        Check(_allReduce(values, values, (nuint)count, type, NcclReduction.Sum, communicator, stream.DangerousGetHandle()),
            $"ncclAllReduce({count} {type})", communicator);

    public void Broadcast(nint values, long count, NcclDataType type, int root, nint communicator, StreamHandle stream) =>
        Check(_broadcast(values, values, (nuint)count, type, root, communicator, stream.DangerousGetHandle()),
            $"ncclBroadcast({count} {type} of rank {root})", communicator);

    public void GatherAll(nint part, nint whole, long count, NcclDataType type, nint communicator, StreamHandle stream) =>
        Check(_allGather(part, whole, (nuint)count, type, communicator, stream.DangerousGetHandle()),
            $"ncclAllGather({count} {type})", communicator);

    /// <exception cref="CudaException">The call failed.</exception>
    void Check(NcclResult result, string call, nint communicator)
    {
        if (result == NcclResult.Success) return;
        string name = Marshal.PtrToStringUTF8((nint)_getErrorString(result)) ?? "";
        string detail = Marshal.PtrToStringUTF8((nint)_getLastError(communicator)) ?? "";
        throw new CudaException(call, $"{name} ({(int)result})", detail);
    }

    /// <summary>ncclUniqueId, which travels by value.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct UniqueId
    {
        public const int SizeBytes = 128;

        fixed byte _bytes[SizeBytes];
    }
}

/// <summary>ncclResult_t.</summary>
internal enum NcclResult
{
    Success = 0,
    UnhandledCudaError = 1,
    SystemError = 2,
    InternalError = 3,
    InvalidArgument = 4,
    InvalidUsage = 5,
    RemoteError = 6,
    InProgress = 7,
}

/// <summary>ncclDataType_t.</summary>
internal enum NcclDataType
{
    Int8 = 0,
    UInt8 = 1,
    Int32 = 2,
    Int64 = 4,
    Float16 = 6,
    Float32 = 7,
    Float64 = 8,
    BFloat16 = 9,
}

/// <summary>ncclRedOp_t.</summary>
internal enum NcclReduction
{
    Sum = 0,
}
