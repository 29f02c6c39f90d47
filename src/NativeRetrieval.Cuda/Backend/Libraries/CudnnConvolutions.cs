using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Cudnn;
using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// Convolutions of stride 1 that keep height and width, by cuDNN's version-7 functions, which every cuDNN 9 has: feature maps
/// [N, H, W, C] and filters [O, k, k, I], float32. Descriptors and the algorithm of each direction are made once for each shape;
/// workspace comes from the device's allocator for the time of a call. Safe for several threads.
/// </summary>
internal sealed unsafe class CudnnConvolutions : IDisposable
{
    const long LeastWorkspaceLimitBytes = 256L << 20;
    const int WorkspaceShareOfMemory = 16;

    /// <summary>More proposals than any direction has algorithms.</summary>
    const int Proposals = 10;

    readonly CudaDevice _device;
    readonly CudnnHandle _handle;
    readonly ActivationHandle _relu, _identity;
    readonly Lock _lock = new();
    readonly Dictionary<ConvolutionShape, ConvolutionDescriptors> _entries = [];
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

    /// <summary>y = x ∗ w.</summary>
    public void Forward(ConvolutionShape shape, nint x, nint w, nint y) => Run(shape, (entry, one, zero) =>
    {
        var (algorithm, bytes) = entry.Forward ??= ChooseForward(entry);
        using var workspace = Workspace(bytes);
        cudnnConvolutionForward(_handle, one, entry.X, x, entry.W, w, entry.Convolution, algorithm, AddressOf(workspace), bytes,
            zero, entry.Y, y).ThrowIfFailed($"cudnnConvolutionForward({shape}, {algorithm})");
    });

    /// <summary>y = x ∗ w + bias, then max(·, 0) where <paramref name="relu"/> is set; bias [O].</summary>
    public void ForwardWithBias(ConvolutionShape shape, nint x, nint w, nint bias, bool relu, nint y) => Run(shape, (entry, one, zero) =>
    {
        // Without an activation this function knows one algorithm.
        var (algorithm, bytes) = relu ? entry.Forward ??= ChooseForward(entry) : entry.Precomputed ??= Precomputed(entry);
        using var workspace = Workspace(bytes);
        cudnnConvolutionBiasActivationForward(_handle, one, entry.X, x, entry.W, w, entry.Convolution, algorithm,
            AddressOf(workspace), bytes, zero, entry.Y, y, entry.Bias, bias, relu ? _relu : _identity, entry.Y, y)
            .ThrowIfFailed($"cudnnConvolutionBiasActivationForward({shape}, {algorithm})");
    });

    /// <summary>The gradient dx of the input, from the gradient dy of the output.</summary>
    public void InputGradient(ConvolutionShape shape, nint dy, nint w, nint dx) => Run(shape, (entry, one, zero) =>
    {
        var (algorithm, bytes) = entry.InputGradient ??= ChooseInputGradient(entry);
        using var workspace = Workspace(bytes);
        cudnnConvolutionBackwardData(_handle, one, entry.W, w, entry.Y, dy, entry.Convolution, algorithm, AddressOf(workspace), bytes,
            zero, entry.X, dx).ThrowIfFailed($"cudnnConvolutionBackwardData({shape}, {algorithm})");
    });

    /// <summary>The gradient dw of the filters, from the input and the gradient dy of the output.</summary>
    public void FilterGradient(ConvolutionShape shape, nint x, nint dy, nint dw) => Run(shape, (entry, one, zero) =>
    {
        var (algorithm, bytes) = entry.FilterGradient ??= ChooseFilterGradient(entry);
        using var workspace = Workspace(bytes);
        cudnnConvolutionBackwardFilter(_handle, one, entry.X, x, entry.Y, dy, entry.Convolution, algorithm, AddressOf(workspace), bytes,
            zero, entry.W, dw).ThrowIfFailed($"cudnnConvolutionBackwardFilter({shape}, {algorithm})");
    });

    /// <summary>The algorithms that may be taken for a direction of a shape, cuDNN's first choice first.</summary>
    public IReadOnlyList<ConvolutionAlgorithm> Algorithms(ConvolutionDirection direction, ConvolutionShape shape)
    {
        List<ConvolutionAlgorithm> found = [];
        Run(shape, (entry, _, _) =>
        {
            switch (direction)
            {
                case ConvolutionDirection.Forward:
                    var forward = stackalloc CudnnPlan<CudnnForwardAlgorithm>[Proposals];
                    Add(found, forward, Propose(entry, forward));
                    break;
                case ConvolutionDirection.InputGradient:
                    var input = stackalloc CudnnPlan<CudnnInputGradientAlgorithm>[Proposals];
                    Add(found, input, Propose(entry, input));
                    break;
                default:
                    var filter = stackalloc CudnnPlan<CudnnFilterGradientAlgorithm>[Proposals];
                    Add(found, filter, Propose(entry, filter));
                    break;
            }
        });
        return found;
    }

    /// <summary>Takes one of <see cref="Algorithms"/> for a direction of a shape from now on; null: the usual choice again.</summary>
    public void Force(ConvolutionDirection direction, ConvolutionShape shape, ConvolutionAlgorithm? algorithm) =>
        Run(shape, (entry, _, _) =>
        {
            var (number, bytes) = (algorithm?.Number ?? 0, algorithm?.WorkspaceBytes ?? 0);
            switch (direction)
            {
                case ConvolutionDirection.Forward: entry.Forward = algorithm is null ? null : ((CudnnForwardAlgorithm)number, bytes); break;
                case ConvolutionDirection.InputGradient:
                    entry.InputGradient = algorithm is null ? null : ((CudnnInputGradientAlgorithm)number, bytes);
                    break;
                default: entry.FilterGradient = algorithm is null ? null : ((CudnnFilterGradientAlgorithm)number, bytes); break;
            }
        });

    public void Dispose()
    {
        foreach (var entry in _entries.Values) entry.Dispose();
        _relu.Dispose();
        _identity.Dispose();
        _handle.Dispose();
    }

    delegate void Call(ConvolutionDescriptors entry, void* one, void* zero);

    void Run(ConvolutionShape shape, Call call)
    {
        float one = 1, zero = 0;
        lock (_lock)
        {
            using var scope = _device.Context.Enter();
            if (!_entries.TryGetValue(shape, out var entry))
                _entries.Add(shape, entry = new(shape, allowTf32: _device.Options.Precision != Precision.Float32));
            call(entry, &one, &zero);
        }
    }

    (CudnnForwardAlgorithm, nuint) ChooseForward(ConvolutionDescriptors entry)
    {
        var plans = stackalloc CudnnPlan<CudnnForwardAlgorithm>[Proposals];
        return First(plans, Propose(entry, plans), entry);
    }

    (CudnnForwardAlgorithm, nuint) Precomputed(ConvolutionDescriptors entry)
    {
        const CudnnForwardAlgorithm Algorithm = CudnnForwardAlgorithm.ImplicitPrecomputedGemm;
        cudnnGetConvolutionForwardWorkspaceSize(_handle, entry.X, entry.W, entry.Convolution, entry.Y, Algorithm, out nuint bytes)
            .ThrowIfFailed();
        return (Algorithm, bytes);
    }

    (CudnnInputGradientAlgorithm, nuint) ChooseInputGradient(ConvolutionDescriptors entry)
    {
        var plans = stackalloc CudnnPlan<CudnnInputGradientAlgorithm>[Proposals];
        return First(plans, Propose(entry, plans), entry);
    }

    (CudnnFilterGradientAlgorithm, nuint) ChooseFilterGradient(ConvolutionDescriptors entry)
    {
        var plans = stackalloc CudnnPlan<CudnnFilterGradientAlgorithm>[Proposals];
        return First(plans, Propose(entry, plans), entry);
    }

    int Propose(ConvolutionDescriptors entry, CudnnPlan<CudnnForwardAlgorithm>* plans)
    {
        cudnnGetConvolutionForwardAlgorithm_v7(_handle, entry.X, entry.W, entry.Convolution, entry.Y, Proposals, out int count, plans)
            .ThrowIfFailed();
        return count;
    }

    int Propose(ConvolutionDescriptors entry, CudnnPlan<CudnnInputGradientAlgorithm>* plans)
    {
        cudnnGetConvolutionBackwardDataAlgorithm_v7(_handle, entry.W, entry.Y, entry.Convolution, entry.X, Proposals, out int count, plans)
            .ThrowIfFailed();
        return count;
    }

    int Propose(ConvolutionDescriptors entry, CudnnPlan<CudnnFilterGradientAlgorithm>* plans)
    {
        cudnnGetConvolutionBackwardFilterAlgorithm_v7(
            _handle, entry.X, entry.Y, entry.Convolution, entry.W, Proposals, out int count, plans).ThrowIfFailed();
        return count;
    }

    void Add<TAlgorithm>(List<ConvolutionAlgorithm> found, CudnnPlan<TAlgorithm>* plans, int count) where TAlgorithm : unmanaged, Enum
    {
        foreach (var plan in new ReadOnlySpan<CudnnPlan<TAlgorithm>>(plans, count))
            if (MayBeTaken(plan))
                found.Add(new(plan.Algorithm.ToString(), Convert.ToInt32(plan.Algorithm, null), plan.WorkspaceBytes,
                    plan.Determinism == CudnnDeterminism.Deterministic));
    }

    bool MayBeTaken<TAlgorithm>(CudnnPlan<TAlgorithm> plan) where TAlgorithm : unmanaged, Enum =>
        plan.Status == CudnnStatus.Success && plan.WorkspaceBytes <= (nuint)_workspaceLimitBytes
        && (!_device.Options.Deterministic || plan.Determinism == CudnnDeterminism.Deterministic);

    /// <summary>The first, and so the fastest, proposal that works, fits the workspace and, where asked for, is deterministic.</summary>
    /// <exception cref="CudaException">There is none.</exception>
    (TAlgorithm, nuint WorkspaceBytes) First<TAlgorithm>(CudnnPlan<TAlgorithm>* plans, int count, ConvolutionDescriptors entry)
        where TAlgorithm : unmanaged, Enum
    {
        foreach (var plan in new ReadOnlySpan<CudnnPlan<TAlgorithm>>(plans, count))
            if (MayBeTaken(plan)) return (plan.Algorithm, plan.WorkspaceBytes);
        string wish = $"{(_device.Options.Deterministic ? "is deterministic and " : "")}needs at most {_workspaceLimitBytes >> 20} MiB";
        throw new CudaException($"convolution {entry.Shape}", "no algorithm", $"cuDNN proposes none that {wish} of workspace");
    }

    Tensor? Workspace(nuint bytes) => bytes == 0 ? null : Tensor.Empty([checked((int)bytes)], _device, DType.UInt8);

    static nint AddressOf(Tensor? workspace) => workspace?.Address ?? 0;
}
