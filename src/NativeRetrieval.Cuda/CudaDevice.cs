using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend;
using NativeRetrieval.Cuda.Compilation;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Runtime;
using NativeRetrieval.Cuda.Runtime.Graphs;

namespace NativeRetrieval.Cuda;

/// <summary>
/// An NVIDIA GPU. Operations are queued on one stream and return before they are done; reading a tensor's values waits. New tensors
/// with host values travel on a second stream beside the computation. Operations compute in float32, with operands as
/// <see cref="CudaDeviceOptions.Precision"/> says; float64 is for checks on the CPU. Members may be called from several threads.
/// </summary>
public sealed class CudaDevice : Device
{
    readonly CudaStream _stream, _copies;
    readonly CachingAllocator _memory;
    readonly StagingRing _uploads, _downloads;
    readonly CudaBackend _backend;
    readonly GraphRecorder _recorder;
    readonly PendingCopies _pending;
    readonly ConstantCache _constants;
    readonly bool _ownsContext;
    volatile bool _disposed;

    CudaDevice(CudaContext context, CudaStream stream, bool ownsContext, CudaDeviceOptions options)
    {
        (Context, _stream, _ownsContext, Options) = (context, stream, ownsContext, options);
        _copies = new(context);
        _memory = new(new DriverMemory(context));
        _uploads = new(context, slotBytes: 4 << 20);
        _downloads = new(context, slotBytes: 4 << 20);
        Kernels = new(context, new KernelCache(options.KernelFolder ?? KernelCache.DefaultFolder));
        _backend = new(this);
        _recorder = new(this);
        _pending = new(this, _backend.Faults);
        _constants = new(this);
    }

    /// <summary>Opens a GPU of this machine. Kernels, cuBLAS and cuDNN are loaded when they are first needed.</summary>
    /// <param name="ordinal">The number among the GPUs that this process may use, from 0.</param>
    /// <param name="options">The device's options; null for the defaults.</param>
    /// <exception cref="CudaUnavailableException">There is no driver or no GPU; the message says what to install.</exception>
    /// <exception cref="OptionException">There is no GPU of this number.</exception>
    public static CudaDevice Open(int ordinal = 0, CudaDeviceOptions? options = null)
    {
        var context = CudaContext.OpenPrimary(ordinal);
        try
        {
            return new(context, new CudaStream(context), ownsContext: true, options ?? new());
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    /// <summary>
    /// A device that computes in the host's context and on the host's stream, both of which outlive it. Work that is queued on the
    /// stream comes first.
    /// </summary>
    /// <param name="context">
    /// A context from <see cref="CudaContext.Borrow"/> or <see cref="CudaContext.OpenPrimary"/>. The caller keeps it.
    /// </param>
    /// <param name="stream">A CUstream of that context; 0 is the legacy default stream.</param>
    /// <param name="options">The device's options; null for the defaults.</param>
    public static CudaDevice Borrow(CudaContext context, nint stream, CudaDeviceOptions? options = null) =>
        new(context, CudaStream.Borrow(context, stream), ownsContext: false, options ?? new());

    /// <summary>The context that the device computes in.</summary>
    public CudaContext Context { get; }

    /// <summary>The stream that operations are queued on; on a thread that records work, the one that records.</summary>
    public CudaStream Stream => _recorder.Current?.Stream ?? _stream;

    /// <summary>The options that the device was opened with.</summary>
    public CudaDeviceOptions Options { get; }

    /// <summary>The name, architecture and sizes of the GPU.</summary>
    public CudaDeviceProperties Properties => Context.Properties;

    /// <inheritdoc/>
    public override long LiveBytes => _memory.Statistics.LiveBytes;

    /// <summary>The most bytes that live tensors held since the device was opened, or since <see cref="ResetPeak"/>.</summary>
    public override long PeakBytes => _memory.Statistics.PeakBytes;

    /// <summary>
    /// The bytes that the device has taken from the driver: of tensors, what it keeps for the next ones, workspaces of libraries, and what
    /// recorded work lies in. What driver and libraries take for themselves is not among them.
    /// </summary>
    public long TakenBytes => Context.Taken.Bytes;

    /// <summary>The largest <see cref="TakenBytes"/> since the device was opened, or since <see cref="ResetPeak"/>.</summary>
    public long PeakTakenBytes => Context.Taken.PeakBytes;

    /// <inheritdoc/>
    public override string Description => $"{this}, {Properties.Name}";

    /// <inheritdoc/>
    public override long MemoryBytes => Properties.MemoryBytes;

    /// <summary>The statistics of the device's allocator.</summary>
    public AllocatorStatistics Memory => _memory.Statistics;

    /// <summary>The layout of feature maps that convolutions take: NHWC, which cuDNN computes fastest.</summary>
    public override Layout FeatureMaps => Layout.NHWC;

    /// <summary>The layout of convolutions' kernels, [O, k, k, I] in memory: as cuDNN reads them.</summary>
    public override Layout Filters => Layout.NHWC;

    /// <inheritdoc/>
    public override Precision Precision => Options.Precision;

    /// <inheritdoc/>
    public override bool ComputesInBFloat16 => true;

    internal override IBackend Backend => _backend;

    internal GraphRecorder Graphs => _recorder;

    internal override WorkRecorder? Recorder => Options.Graphs ? _recorder : null;

    internal override bool IsRecorded => Recording is not null;

    /// <inheritdoc/>
    public override bool WorksBehind => true;

    /// <summary>Matrix products of a GPU go through rows in tiles of at least 64: filling one up costs nothing.</summary>
    public override int RowMultiple => 64;

    /// <summary>The recording of this thread; null where it does not record.</summary>
    internal Session? Recording => _recorder.Current is { IsRecording: true } session ? session : null;

    internal KernelLibrary Kernels { get; }

    /// <summary>A tensor over device memory of the host's, which is row-major and must outlive the tensor.</summary>
    /// <param name="address">A CUdeviceptr.</param>
    /// <param name="shape">The shape of the values.</param>
    /// <param name="dtype">The type of the values.</param>
    /// <exception cref="ShapeException">The address is null while the shape has elements.</exception>
    public Tensor Wrap(nint address, Shape shape, DType dtype = DType.Float32)
    {
        if (address == 0 && shape.Count > 0) throw new ShapeException($"Wrap: a tensor {shape} needs memory, got a null CUdeviceptr");
        return Tensor.Over(address, shape, this, dtype);
    }

    /// <summary>
    /// The CUdeviceptr of a tensor's first element, valid while the tensor lives. Work that uses it belongs on <see cref="Stream"/>.
    /// </summary>
    /// <exception cref="ShapeException">The tensor is on another device.</exception>
    public nint AddressOf(Tensor tensor) =>
        tensor.Device == this ? tensor.Address : throw new ShapeException($"AddressOf: {tensor.Describe()} is not on {this}");

    /// <summary>
    /// Loads all that models need: compiles a kernel and runs it, opens cuBLAS and cuDNN. Without this call each is loaded at its first
    /// use and fails there.
    /// </summary>
    /// <exception cref="CudaUnavailableException">A library is missing, or the GPU is too old for it.</exception>
    /// <exception cref="KernelCompilationException">NVRTC refuses the kernels.</exception>
    /// <exception cref="CudaException">The device does not answer, or has no memory left.</exception>
    public void Check()
    {
        using var scope = TensorScope.Begin();
        Op.Full([1], 1, this).Item();
        _backend.LoadLibraries();
    }

    /// <summary>Waits for everything queued.</summary>
    /// <exception cref="ShapeException">A kernel found a value outside its range, such as a token id beyond the table.</exception>
    /// <exception cref="CudaException">Queued work failed.</exception>
    public void Synchronize()
    {
        _recorder.Current?.RequireNoRecording("Synchronize");
        _copies.Synchronize();
        Stream.Synchronize();
        _backend.Faults.ThrowIfAny();
    }

    /// <summary>
    /// Begins <see cref="PeakBytes"/> and <see cref="PeakTakenBytes"/> anew, so that they tell the peaks of what follows.
    /// </summary>
    public void ResetPeak()
    {
        _memory.ResetPeak();
        Context.Taken.ResetPeak();
    }

    /// <summary>Waits for everything queued, then gives memory that no tensor uses back to the GPU.</summary>
    public void Trim()
    {
        _constants.Clear();
        _memory.Trim();
    }

    /// <summary>Waits for everything queued and ends the device. Its tensors must not be used any more.</summary>
    public override void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        try
        {
            // Queued work may still use the memory that is released here.
            if (!Context.IsLost) Context.Synchronize();
        }
        catch (CudaException)
        {
        }
        _pending.Dispose();
        _recorder.Dispose();
        _backend.Dispose();
        Kernels.Dispose();
        _uploads.Dispose();
        _downloads.Dispose();
        if (!Context.IsLost) _memory.Release();
        _copies.Dispose();
        _stream.Dispose();
        if (_ownsContext) Context.Dispose();
    }

    /// <summary>The name of the device, e.g. <c>cuda:0</c>.</summary>
    public override string ToString() => Context.ToString();

    internal override nint Allocate(long sizeBytes)
    {
        if (Recording is { } recording) return recording.Take(sizeBytes);
        nint address = _memory.Allocate(sizeBytes, _stream);
        _recorder.Current?.Watch(address, sizeBytes);
        return address;
    }

    /// <summary>Memory of the copying stream, so that the copy need not wait for the computing stream.</summary>
    internal override nint AllocateFrom(ReadOnlySpan<byte> host)
    {
        _recorder.Current?.RequireNoRecording("host values are uploaded");
        nint address = _memory.Allocate(host.Length, _copies);
        if (host.IsEmpty) return address;
        try
        {
            _uploads.Upload(host, address, _copies);
            using (var arrived = _copies.Mark()) _stream.WaitFor(arrived);
            _memory.UsedOn(address, _stream);
            return address;
        }
        catch
        {
            _memory.Free(address);
            throw;
        }
    }

    internal override Storage AllocateConstant(ReadOnlySpan<byte> host)
    {
        nint address = _recorder.Current?.TakeConstant(host) ?? 0;
        return address != 0 ? Storage.Foreign(this, address, host.Length) : _constants.Get(host);
    }

    /// <summary>Frees a block. Finalizers call it, too: after <see cref="Dispose"/> the memory is gone already.</summary>
    internal override void Free(nint address, long sizeBytes)
    {
        if (_disposed || _recorder.TryFree(address)) return;
        _memory.Free(address);
    }

    /// <summary>Overwrites device memory behind what is queued, with values that travel beside it.</summary>
    internal void Renew(nint target, ReadOnlySpan<byte> host)
    {
        nint source = AllocateFrom(host);
        _stream.Copy(source, target, host.Length);
        _memory.Free(source);
    }

    /// <summary>Says that recorded work was launched, which may have met values outside their range.</summary>
    internal void MayHaveFaults() => _backend.Faults.MayHaveCome();

    internal override void Clear(nint address, long sizeBytes) => Stream.Fill(address, 0, sizeBytes);

    internal override void Copy(nint source, nint target, long sizeBytes) => Stream.Copy(source, target, sizeBytes);

    internal override void CopyIn(ReadOnlySpan<byte> host, nint target)
    {
        _recorder.Current?.RequireNoRecording("host values are uploaded");
        _uploads.Upload(host, target, _stream);
    }

    internal override void CopyOut(nint source, Span<byte> host)
    {
        _recorder.Current?.RequireNoRecording("values are read");
        _downloads.Download(source, host, _stream);
        _backend.Faults.ThrowIfAny();
    }

    internal override IPendingCopy? CopyOutLater(nint source, Span<byte> host)
    {
        _recorder.Current?.RequireNoRecording("values are read");
        return _pending.Start(source, host.Length);
    }

    internal override unsafe void* HostPointer(nint address) =>
        throw new ShapeException($"values on {this} are not in host memory; read them by ToArray");
}
