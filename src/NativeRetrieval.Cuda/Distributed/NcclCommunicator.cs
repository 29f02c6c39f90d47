using System.Runtime.ExceptionServices;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Cuda.Interop.Nccl;
using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.Cuda.Distributed;

/// <summary>NCCL's connections between the ranks. Aborting may come from any thread, at any time, and more than once.</summary>
internal sealed class NcclCommunicator : IDisposable
{
    readonly NcclApi _api;
    readonly CudaContext _context;
    nint _handle;

    NcclCommunicator(NcclApi api, CudaContext context, nint handle) => (_api, _context, _handle) = (api, context, handle);

    /// <summary>Meets the other ranks. Gives up once the control group has failed: the thread that NCCL holds is left behind.</summary>
    /// <exception cref="DistributedException">A rank failed meanwhile.</exception>
    public static NcclCommunicator Join(NcclApi api, CudaContext context, IMonitoredGroup control, NcclApi.UniqueId id)
    {
        var joining = Task.Factory.StartNew(() =>
        {
            using var scope = context.Enter();
            return api.Join(control.WorldSize, id, control.Rank);
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            joining.Wait(control.Failed);
        }
        catch (AggregateException error)
        {
            ExceptionDispatchInfo.Throw(error.InnerException!);
        }
        catch (OperationCanceledException)
        {
            throw new DistributedException(control.Failure!.Message, control.Failure.Rank);
        }
        return new(api, context, joining.Result);
    }

    public void SumAll(nint values, long count, NcclDataType type, CudaStream stream)
    {
        using var scope = _context.Enter();
        _api.SumAll(values, count, type, Handle, stream.Handle);
    }

    public void Broadcast(nint values, long count, NcclDataType type, int root, CudaStream stream)
    {
        using var scope = _context.Enter();
        _api.Broadcast(values, count, type, root, Handle, stream.Handle);
    }

    public void GatherAll(nint part, nint whole, long count, NcclDataType type, CudaStream stream)
    {
        using var scope = _context.Enter();
        _api.GatherAll(part, whole, count, type, Handle, stream.Handle);
    }

    /// <exception cref="Errors.CudaException">A collective under way has failed.</exception>
    public void Check() => _api.CheckAsync(Handle);

    /// <summary>Ends what is under way without waiting for others.</summary>
    public void Abort()
    {
        nint handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0) _api.Abort(handle);
    }

    /// <summary>Ends the connections; all collectives have ended.</summary>
    public void Dispose()
    {
        nint handle = Interlocked.Exchange(ref _handle, 0);
        if (handle == 0 || !_context.TryEnter(out var scope)) return;
        using (scope) _api.Destroy(handle);
    }

    nint Handle => Volatile.Read(ref _handle) is var handle and not 0 ? handle
        : throw new DistributedException("NCCL's connections were ended");
}
