using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Cudnn;
using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// Convolutions by cuDNN's version-7 functions, which every cuDNN 9 has. Descriptors and the algorithm of each direction are made
/// once for each shape; workspace comes from the device's allocator for the time of a call.
/// </summary>
internal sealed unsafe class CudnnConvolutions : IConvolutions
{
    const long LeastWorkspaceLimitBytes = 256L << 20;
    const int WorkspaceShareOfMemory = 16;

    /// <summary>More proposals than any direction has algorithms.</summary>
    const int Proposals = 10;

    readonly CudaDevice _device;
    readonly CudnnHandle _handle;
    readonly ActivationHandle _relu, _identity;
    readonly Lock _lock = new();
    readonly Dictionary<ConvolutionShape, Entry> _entries = [];
    readonly long _workspaceLimitBytes;

    public CudnnConvolutions(CudaDevice device)
    {
        _device = device;
        _workspaceLimitBytes = Math.Max(LeastWorkspaceLimitBytes, device.Properties.MemoryBytes / WorkspaceShareOfMemory);
        _handle = CudnnHandle.Create(device.Context);
        using var scope = device.Context.Enter();
        cudnnSetStream(_handle, device.Stream.Handle).ThrowIfFailed();
        _relu = ActivationHandle.Create(CudnnActivationMode.Relu);
        _identity = ActivationHandle.Create(CudnnActivationMode.Identity);
    }

    public void Forward(ConvolutionShape shape, nint x, nint w, nint y) => Run(shape, (entry, one, zero) =>
    {
        var (algorithm, bytes) = entry.Forward ??= ChooseForward(entry);
        using var workspace = Workspace(bytes);
        cudnnConvolutionForward(_handle, one, entry.X, x, entry.W, w, entry.Convolution, algorithm, AddressOf(workspace), bytes, zero, entry.Y, y)
            .ThrowIfFailed($"cudnnConvolutionForward({shape}, {algorithm})");
    });

    public void ForwardWithBias(ConvolutionShape shape, nint x, nint w, nint bias, bool relu, nint y) => Run(shape, (entry, one, zero) =>
    {
        // Without an activation this function knows one algorithm.
        var (algorithm, bytes) = relu ? entry.Forward ??= ChooseForward(entry) : entry.Precomputed ??= Precomputed(entry);
        using var workspace = Workspace(bytes);
        cudnnConvolutionBiasActivationForward(_handle, one, entry.X, x, entry.W, w, entry.Convolution, algorithm, AddressOf(workspace), bytes,
            zero, entry.Y, y, entry.Bias, bias, relu ? _relu : _identity, entry.Y, y)
            .ThrowIfFailed($"cudnnConvolutionBiasActivationForward({shape}, {algorithm})");
    });

    public void InputGradient(ConvolutionShape shape, nint dy, nint w, nint dx) => Run(shape, (entry, one, zero) =>
    {
        var (algorithm, bytes) = entry.InputGradient ??= ChooseInputGradient(entry);
        using var workspace = Workspace(bytes);
        cudnnConvolutionBackwardData(_handle, one, entry.W, w, entry.Y, dy, entry.Convolution, algorithm, AddressOf(workspace), bytes, zero, entry.X, dx)
            .ThrowIfFailed($"cudnnConvolutionBackwardData({shape}, {algorithm})");
    });

    public void FilterGradient(ConvolutionShape shape, nint x, nint dy, nint dw) => Run(shape, (entry, one, zero) =>
    {
        var (algorithm, bytes) = entry.FilterGradient ??= ChooseFilterGradient(entry);
        using var workspace = Workspace(bytes);
        cudnnConvolutionBackwardFilter(_handle, one, entry.X, x, entry.Y, dy, entry.Convolution, algorithm, AddressOf(workspace), bytes, zero, entry.W, dw)
            .ThrowIfFailed($"cudnnConvolutionBackwardFilter({shape}, {algorithm})");
    });

    public void Dispose()
    {
        foreach (var entry in _entries.Values) entry.Dispose();
        _relu.Dispose();
        _identity.Dispose();
        _handle.Dispose();
    }

    delegate void Call(Entry entry, void* one, void* zero);

    void Run(ConvolutionShape shape, Call call)
    {
        float one = 1, zero = 0;
        lock (_lock)
        {
            using var scope = _device.Context.Enter();
            if (!_entries.TryGetValue(shape, out var entry)) _entries.Add(shape, entry = new(shape, _device.Options.AllowTf32));
            call(entry, &one, &zero);
        }
    }

    (CudnnForwardAlgorithm, nuint) ChooseForward(Entry entry)
    {
        var plans = stackalloc CudnnForwardPlan[Proposals];
        cudnnGetConvolutionForwardAlgorithm_v7(_handle, entry.X, entry.W, entry.Convolution, entry.Y, Proposals, out int count, plans).ThrowIfFailed();
        var plan = First(new ReadOnlySpan<CudnnForwardPlan>(plans, count), entry);
        return (plan.Algorithm, plan.WorkspaceBytes);
    }

    (CudnnForwardAlgorithm, nuint) Precomputed(Entry entry)
    {
        const CudnnForwardAlgorithm Algorithm = CudnnForwardAlgorithm.ImplicitPrecomputedGemm;
        cudnnGetConvolutionForwardWorkspaceSize(_handle, entry.X, entry.W, entry.Convolution, entry.Y, Algorithm, out nuint bytes).ThrowIfFailed();
        return (Algorithm, bytes);
    }

    (CudnnInputGradientAlgorithm, nuint) ChooseInputGradient(Entry entry)
    {
        var plans = stackalloc CudnnInputGradientPlan[Proposals];
        cudnnGetConvolutionBackwardDataAlgorithm_v7(_handle, entry.W, entry.Y, entry.Convolution, entry.X, Proposals, out int count, plans).ThrowIfFailed();
        var plan = First(new ReadOnlySpan<CudnnInputGradientPlan>(plans, count), entry);
        return (plan.Algorithm, plan.WorkspaceBytes);
    }

    (CudnnFilterGradientAlgorithm, nuint) ChooseFilterGradient(Entry entry)
    {
        var plans = stackalloc CudnnFilterGradientPlan[Proposals];
        cudnnGetConvolutionBackwardFilterAlgorithm_v7(_handle, entry.X, entry.Y, entry.Convolution, entry.W, Proposals, out int count, plans).ThrowIfFailed();
        var plan = First(new ReadOnlySpan<CudnnFilterGradientPlan>(plans, count), entry);
        return (plan.Algorithm, plan.WorkspaceBytes);
    }

    /// <summary>The best proposal that works, fits the workspace and, where asked for, is deterministic.</summary>
    T First<T>(ReadOnlySpan<T> plans, Entry entry) where T : struct, ICudnnPlan
    {
        foreach (var plan in plans)
            if (plan.Status == CudnnStatus.Success && plan.WorkspaceBytes <= (nuint)_workspaceLimitBytes
                && (!_device.Options.Deterministic || plan.Determinism == CudnnDeterminism.Deterministic)) return plan;
        throw new Errors.CudaException($"convolution {entry.Shape}", "no algorithm",
            $"cuDNN proposes none that {(_device.Options.Deterministic ? "is deterministic and " : "")}needs at most {_workspaceLimitBytes >> 20} MiB of workspace");
    }

    Tensor? Workspace(nuint bytes) => bytes == 0 ? null : Tensor.Empty([checked((int)bytes)], _device, DType.UInt8);

    static nint AddressOf(Tensor? workspace) => workspace?.Address ?? 0;

    /// <summary>Descriptors of one shape, and the algorithms chosen so far.</summary>
    sealed class Entry(ConvolutionShape shape, bool allowTf32) : IDisposable
    {
        public ConvolutionShape Shape => shape;

        public TensorHandle X { get; } = TensorHandle.Create(CudnnTensorFormat.Nhwc, CudnnDataType.Float, shape.Clips, shape.Inputs, shape.Height, shape.Width);

        public FilterHandle W { get; } = FilterHandle.Create(CudnnTensorFormat.Nhwc, CudnnDataType.Float, shape.Outputs, shape.Inputs, shape.Kernel, shape.Kernel);

        public TensorHandle Y { get; } = TensorHandle.Create(CudnnTensorFormat.Nhwc, CudnnDataType.Float, shape.Clips, shape.Outputs, shape.Height, shape.Width);

        public TensorHandle Bias { get; } = TensorHandle.Create(CudnnTensorFormat.Nhwc, CudnnDataType.Float, 1, shape.Outputs, 1, 1);

        /// <summary>The default math rounds float32 to TF32 for tensor cores.</summary>
        public ConvolutionHandle Convolution { get; } =
            ConvolutionHandle.Create(shape.Kernel / 2, 1, CudnnDataType.Float, allowTf32 ? CudnnMathType.Default : CudnnMathType.FusedMultiplyAdd);

        public (CudnnForwardAlgorithm Algorithm, nuint WorkspaceBytes)? Forward { get; set; }

        public (CudnnForwardAlgorithm Algorithm, nuint WorkspaceBytes)? Precomputed { get; set; }

        public (CudnnInputGradientAlgorithm Algorithm, nuint WorkspaceBytes)? InputGradient { get; set; }

        public (CudnnFilterGradientAlgorithm Algorithm, nuint WorkspaceBytes)? FilterGradient { get; set; }

        public void Dispose()
        {
            X.Dispose();
            W.Dispose();
            Y.Dispose();
            Bias.Dispose();
            Convolution.Dispose();
        }
    }
}
