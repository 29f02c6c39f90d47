using System.Runtime.InteropServices;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop.Nccl;
using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.Cuda.Distributed;

/// <summary>
/// Ranks with a GPU each that exchange tensors by NCCL, on a stream beside the computation: a collective begins behind what was queued
/// when it was called, and what is queued after <see cref="ICollectiveWork.Wait"/> runs behind it. Whatever is on the host, and the
/// watch over dead and hanging ranks, is the control group's: once that has failed, what NCCL has under way is aborted.
/// </summary>
public sealed class NcclGroup : IProcessGroup
{
    static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(500), _patience = TimeSpan.FromSeconds(2);

    readonly CudaDevice _device;
    readonly IMonitoredGroup _control;
    readonly NcclCommunicator _communicator;
    readonly CudaStream _stream;
    readonly CollectiveTimes _times;
    readonly CancellationTokenRegistration _onFailure;
    readonly ManualResetEventSlim _ending = new();
    readonly Thread _watching;
    bool _disposed;

    NcclGroup(CudaDevice device, IMonitoredGroup control, NcclCommunicator communicator)
    {
        (_device, _control, _communicator) = (device, control, communicator);
        _stream = new(device.Context);
        _times = new(device.Context);
        // Aborting takes time, and the thread that finds the failure has to tell others.
        _onFailure = control.Failed.Register(() => Task.Run(communicator.Abort));
        control.Watch(() => _times.Progress);
        _watching = new(Look) { IsBackground = true, Name = "NativeRetrieval NCCL watch" };
        _watching.Start();
    }

    /// <summary>Connects the GPUs of all ranks.</summary>
    /// <param name="device">This rank's GPU, which no other rank has.</param>
    /// <param name="control">The ranks; it outlives this group.</param>
    /// <exception cref="CudaUnavailableException">NCCL is not on this machine; the message says what to install.</exception>
    /// <exception cref="DistributedException">The ranks' versions of NCCL differ, two have one GPU, or connecting failed.</exception>
    public static NcclGroup Open(CudaDevice device, IMonitoredGroup control)
    {
        try
        {
            var api = NcclApi.Load();
            NcclMember.RequireAgreement(control, new(api.Version.ToString(), device.Properties.Uuid, $"{device}"));
            var ids = control.Exchange(control.Rank == 0 ? MemoryMarshal.AsBytes([api.NewId()]) : []);
            return new(device, control, NcclCommunicator.Join(api, device.Context, control, MemoryMarshal.Read<NcclApi.UniqueId>(ids[0])));
        }
        catch (NativeRetrievalException error) when (error is not DistributedException)
        {
            control.Abort(error.Message);
            throw;
        }
    }

    /// <inheritdoc/>
    public int Rank => _control.Rank;

    /// <inheritdoc/>
    public int WorldSize => _control.WorldSize;

    /// <summary>
    /// The time that the computing stream has stood still for collectives, measured on the device, and that of calls on the host.
    /// </summary>
    public TimeSpan Waited => _times.Waited + _control.Waited;

    /// <inheritdoc/>
    public ICollectiveWork AllReduce(Tensor tensor)
    {
        nint values = _device.AddressOf(tensor);
        var type = tensor.DType switch
        {
            DType.Float32 => NcclDataType.Float32,
            DType.Float64 => NcclDataType.Float64,
            DType.Int64 => NcclDataType.Int64,
            _ => throw new ShapeException($"AllReduce: float32, float64 or int64, got {tensor.Describe()}"),
        };
        return Start([tensor], communicator => communicator.SumAll(values, tensor.StoredCount, type, _stream));
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
        nint source = _device.AddressOf(part), target = _device.AddressOf(whole);
        var (type, count) = Elements(part);
        return Start([whole, part], communicator => communicator.GatherAll(source, target, count, type, _stream));
    }

    /// <inheritdoc/>
    public ICollectiveWork Broadcast(Tensor tensor, int root)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(root);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(root, WorldSize);
        nint values = _device.AddressOf(tensor);
        var (type, count) = Elements(tensor);
        return Start([tensor], communicator => communicator.Broadcast(values, count, type, root, _stream));
    }

    /// <inheritdoc/>
    public void AllReduce(Span<double> values) => OnHost.AllReduce(values);

    /// <inheritdoc/>
    public void AllReduce(Span<long> values) => OnHost.AllReduce(values);

    /// <summary>
    /// Returns once every rank has called it and all collectives before it have ended: what they made may be relied on, and saved.
    /// </summary>
    public void Barrier()
    {
        Guarded(() =>
        {
            _stream.Synchronize();
            _communicator.Check();
        });
        OnHost.Barrier();
    }

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Exchange(ReadOnlySpan<byte> value) => OnHost.Exchange(value);

    /// <inheritdoc/>
    public void Abort(string reason) => _control.Abort(reason);

    /// <summary>
    /// Waits for what is under way, unless the job has failed, and ends the connections of the GPUs; not the control group. Recorded work
    /// with its collectives is freed before: NCCL waits for the end of all graphs that hold them.
    /// </summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        try
        {
            if (_control.Failure is null) _stream.Synchronize();
        }
        catch (CudaException)
        {
            // The device is lost: nothing is under way any more.
        }
        _ending.Set();
        _watching.Join();
        _onFailure.Dispose();
        if (_control.Failure is null) _communicator.Dispose();
        else _communicator.Abort();
        _times.Dispose();
        _stream.Dispose();
    }

    /// <summary>The control group, which recorded work cannot call.</summary>
    IMonitoredGroup OnHost
    {
        get
        {
            _device.Recording?.RequireNoRecording("ranks exchange values of the host");
            return _control;
        }
    }

    /// <summary>NCCL's type of a dtype, and the number of its elements; bytes, where it has no such type.</summary>
    static (NcclDataType Type, long Count) Elements(Tensor tensor) => tensor.DType switch
    {
        DType.Float32 => (NcclDataType.Float32, tensor.StoredCount),
        DType.Float64 => (NcclDataType.Float64, tensor.StoredCount),
        DType.Int64 => (NcclDataType.Int64, tensor.StoredCount),
        DType.Int32 => (NcclDataType.Int32, tensor.StoredCount),
        DType.BFloat16 => (NcclDataType.BFloat16, tensor.StoredCount),
        DType.Float16 => (NcclDataType.Float16, tensor.StoredCount),
        DType.Int8 => (NcclDataType.Int8, tensor.StoredCount),
        _ => (NcclDataType.UInt8, tensor.SizeBytes),
    };

    /// <param name="tensors">Tensors that stay alive until the work has been waited for; the first one is written to.</param>
    NcclWork Start(Tensor[] tensors, Action<NcclCommunicator> call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        // Its collectives are under way as soon as recorded work is launched: as one, with an end that can be asked for.
        if (_device.Recording is { } recording)
            recording.Launched ??= () => _times.Begin(_device.Stream.Mark(), isRecorded: false).Dispose();
        CudaEvent? ended = null;
        Guarded(() =>
        {
            using (var before = _device.Stream.Mark()) _stream.WaitFor(before);
            call(_communicator);
            ended = _stream.Mark();
        });
        return new(this, ended!, [.. tensors.Select(tensor => tensor.Share())], _times.Begin(ended!, _device.Recording is not null));
    }

    /// <summary>Orders what is queued from now on behind a collective.</summary>
    internal void Join(CudaEvent ended)
    {
        Guarded(() =>
        {
            using var waiting = _device.Recording is null ? _times.Wait(_device.Stream) : null;
            _device.Stream.WaitFor(ended);
        });
    }

    /// <summary>Does something that another rank's end may break: the failure is then that of all.</summary>
    void Guarded(Action action)
    {
        ThrowIfFailed();
        try
        {
            action();
        }
        catch (CudaException error)
        {
            // A dead rank breaks NCCL's connections and the control group's at once; the latter knows who it was.
            _control.Failed.WaitHandle.WaitOne(_patience);
            ThrowIfFailed();
            _control.Abort(error.Message);
            ThrowIfFailed();
            throw;
        }
        ThrowIfFailed();
    }

    void ThrowIfFailed()
    {
        if (_control.Failure is { } failure) throw new DistributedException(failure.Message, failure.Rank);
    }

    /// <summary>
    /// Asks NCCL and the device what has become of the collectives, on a thread of its own: the driver may keep it waiting.
    /// </summary>
    void Look()
    {
        try
        {
            while (!_ending.Wait(_interval) && _control.Failure is null)
            {
                _times.Look();
                _communicator.Check();
            }
        }
        catch (DistributedException)
        {
            // Aborted meanwhile.
        }
        catch (CudaException error)
        {
            _control.Failed.WaitHandle.WaitOne(_patience);
            _control.Abort(error.Message);
        }
    }
}

/// <summary>A collective on the device.</summary>
internal sealed class NcclWork(NcclGroup group, CudaEvent ended, Tensor[] held, IDisposable under) : ICollectiveWork
{
    bool _waited;

    public void Wait()
    {
        if (_waited) return;
        _waited = true;
        try
        {
            group.Join(ended);
            held[0].Version++;
        }
        finally
        {
            // The computing stream, which frees and reuses memory, is behind the collective now.
            foreach (var tensor in held) tensor.Dispose();
            under.Dispose();
        }
    }
}
