using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Cudnn;
using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// Convolutions of stride 1 that keep height and width, by cuDNN's version-7 functions, which every cuDNN 9 has: feature maps
/// [N, H, W, C] and filters [O, k, k, I], all float32 or all bfloat16, with float32 sums. Descriptors and the algorithm of each direction
/// are made once for each shape, outside captured work; workspace comes from the device's allocator for the time of a call. Safe for
/// several threads.
/// </summary>
internal sealed unsafe class CudnnConvolutions : IDisposable
{
    const long LeastWorkspaceLimitBytes = 256L << 20;
    const int WorkspaceShareOfMemory = 16;

    readonly CudaDevice _device;
    readonly CudnnHandle _handle;
    readonly AlgorithmChooser _chooser;
    readonly SplitKernel _split;
    readonly ConvolutionProposals _proposals;
    readonly ActivationHandle _relu, _identity;
    readonly Lock _lock = new();
    readonly Dictionary<ConvolutionShape, ConvolutionDescriptors> _shapes = [];
    readonly Dictionary<(int Kernel, CudnnMathType Math), ConvolutionHandle> _convolutions = [];
    readonly Dictionary<(ConvolutionDirection, ConvolutionShape), ConvolutionAlgorithm> _chosen = [];
    readonly long _workspaceLimitBytes;
    CudaStream _stream;

    public CudnnConvolutions(CudaDevice device, AlgorithmChooser chooser, SplitKernel split)
    {
        (_device, _chooser, _split) = (device, chooser, split);
        _workspaceLimitBytes = Math.Max(LeastWorkspaceLimitBytes, device.Properties.MemoryBytes / WorkspaceShareOfMemory);
        _handle = CudnnHandle.Create(device.Context);
        _proposals = new(_handle, _workspaceLimitBytes, device.Options.Deterministic);
        using var scope = device.Context.Enter();
        _stream = device.Stream;
        cudnnSetStream(_handle, _stream.Handle).ThrowIfFailed();
        _relu = ActivationHandle.Create(CudnnActivationMode.Relu);
        _identity = ActivationHandle.Create(CudnnActivationMode.Identity);
    }

    /// <summary>Told each convolution that is computed, under a lock; null: nobody.</summary>
    public Action<ConvolutionDirection, ConvolutionShape>? Ran { get; set; }

    /// <summary>Computes one direction; its algorithm is chosen at the first call for a shape.</summary>
    /// <exception cref="CudaException">cuDNN has no algorithm, or fails.</exception>
    public void Run(ConvolutionDirection direction, ConvolutionShape shape, ConvolutionOperands operands)
    {
        if (!AlignedOperands.Suit(operands))
        {
            using var aligned = new AlignedOperands(direction, shape, operands, _device);
            Run(direction, shape, aligned.Operands);
            aligned.Finish();
            return;
        }
        lock (_lock)
        {
            using var scope = _device.Context.Enter();
            if (_stream != _device.Stream)
            {
                _stream = _device.Stream; // work that is recorded has a stream of its own
                cudnnSetStream(_handle, _stream.Handle).ThrowIfFailed();
            }
            if (!_chosen.TryGetValue((direction, shape), out var algorithm))
                _chosen.Add((direction, shape), algorithm = Choose(direction, shape, operands));
            Ran?.Invoke(direction, shape);
            Run(algorithm, direction, shape, operands);
        }
    }

    /// <summary>The convolutions so far.</summary>
    public IReadOnlyList<(ConvolutionDirection Direction, ConvolutionShape Shape)> Convolutions()
    {
        lock (_lock) return [.. _chosen.Keys];
    }

    /// <summary>The algorithms that may be taken for a direction of a shape, the first choice first.</summary>
    public IReadOnlyList<ConvolutionAlgorithm> Algorithms(ConvolutionDirection direction, ConvolutionShape shape)
    {
        lock (_lock)
        {
            using var scope = _device.Context.Enter();
            bool exact = !shape.IsBFloat16 && _device.Options.Precision == Precision.Float32;
            var found = Proposals(direction, shape, exact, isSplit: false);
            if (exact && _chooser.MaySplit(TripledConvolution.Bytes(direction, shape)))
                found.AddRange(Proposals(direction, TripledConvolution.Of(direction, shape), exact: false, isSplit: true));
            return found;
        }
    }

    /// <summary>Takes one of <see cref="Algorithms"/> for a direction of a shape from now on; null: the usual choice again.</summary>
    public void Force(ConvolutionDirection direction, ConvolutionShape shape, ConvolutionAlgorithm? algorithm)
    {
        lock (_lock)
            if (algorithm is null) _chosen.Remove((direction, shape));
            else _chosen[(direction, shape)] = algorithm;
    }

    /// <summary>The algorithm that was chosen or forced; null before the first call.</summary>
    public ConvolutionAlgorithm? Chosen(ConvolutionDirection direction, ConvolutionShape shape)
    {
        lock (_lock) return _chosen.GetValueOrDefault((direction, shape));
    }

    public void Dispose()
    {
        foreach (var shape in _shapes.Values) shape.Dispose();
        foreach (var convolution in _convolutions.Values) convolution.Dispose();
        _relu.Dispose();
        _identity.Dispose();
        _handle.Dispose();
    }

    ConvolutionAlgorithm Choose(ConvolutionDirection direction, ConvolutionShape shape, ConvolutionOperands operands)
    {
        var algorithms = Algorithms(direction, shape);
        if (algorithms.Count == 0)
        {
            string wish = _device.Options.Deterministic ? "is deterministic and needs" : "needs";
            throw new CudaException($"convolution {direction} {shape}", "no algorithm",
                $"cuDNN proposes none that {wish} at most {_workspaceLimitBytes >> 20} MiB of workspace");
        }
        string[] names = [.. algorithms.Select(algorithm => algorithm.Name)];
        return algorithms[_chooser.Choose($"{direction} {shape} {_device.Options.Precision}", names,
            i => Run(algorithms[i], direction, shape, operands))];
    }

    List<ConvolutionAlgorithm> Proposals(ConvolutionDirection direction, ConvolutionShape shape, bool exact, bool isSplit) =>
        _proposals.Of(direction, DescriptorsOf(shape),
            ConvolutionOf(shape.Kernel, exact ? CudnnMathType.FusedMultiplyAdd : CudnnMathType.Default), exact, isSplit);

    void Run(ConvolutionAlgorithm algorithm, ConvolutionDirection direction, ConvolutionShape shape, ConvolutionOperands operands)
    {
        if (!algorithm.IsSplit)
        {
            Call(algorithm, direction, shape, operands);
            return;
        }
        var (left, right, split) = TripledConvolution.Split(direction, shape, operands, _device, _split);
        using (left)
        using (right)
            Call(algorithm, direction, TripledConvolution.Of(direction, shape), split);
    }

    void Call(ConvolutionAlgorithm algorithm, ConvolutionDirection direction, ConvolutionShape shape, ConvolutionOperands o)
    {
        float one = 1, zero = 0;
        bool sums = direction == ConvolutionDirection.ForwardWithSumAndRelu;
        var (d, convolution, bytes) = (DescriptorsOf(shape), ConvolutionOf(shape.Kernel, algorithm.Math), algorithm.WorkspaceBytes);
        // In words of 8 bytes: the sizes of a tensor's axes are 32 bits.
        using var workspace = bytes == 0 ? null : Tensor.Empty([checked((int)((bytes + 7) / 8))], _device, DType.Int64);
        nint work = workspace?.Address ?? 0;
        var status = direction switch
        {
            ConvolutionDirection.Forward => cudnnConvolutionForward(_handle, &one, d.X, o.X, d.W, o.W, convolution,
                (CudnnForwardAlgorithm)algorithm.Number, work, bytes, &zero, d.Y, o.Y),
            ConvolutionDirection.InputGradient => cudnnConvolutionBackwardData(_handle, &one, d.W, o.W, d.Y, o.Y, convolution,
                (CudnnInputGradientAlgorithm)algorithm.Number, work, bytes, &zero, d.X, o.X),
            ConvolutionDirection.FilterGradient => cudnnConvolutionBackwardFilter(_handle, &one, d.X, o.X, d.Y, o.Y, convolution,
                (CudnnFilterGradientAlgorithm)algorithm.Number, work, bytes, &zero, d.W, o.W),
            _ => cudnnConvolutionBiasActivationForward(_handle, &one, d.X, o.X, d.W, o.W, convolution,
                (CudnnForwardAlgorithm)algorithm.Number, work, bytes, sums ? &one : &zero, d.Y, sums ? o.Summand : o.Y, d.Bias, o.Bias,
                direction == ConvolutionDirection.ForwardWithBias ? _identity : _relu, d.Y, o.Y),
        };
        status.ThrowIfFailed($"convolution {direction}({shape}, {algorithm.Name})");
    }

    ConvolutionDescriptors DescriptorsOf(ConvolutionShape shape)
    {
        if (!_shapes.TryGetValue(shape, out var descriptors)) _shapes.Add(shape, descriptors = new(shape));
        return descriptors;
    }

    /// <summary>The default math rounds float32 to TF32 for tensor cores.</summary>
    ConvolutionHandle ConvolutionOf(int kernel, CudnnMathType math)
    {
        if (!_convolutions.TryGetValue((kernel, math), out var convolution))
            _convolutions.Add((kernel, math), convolution = ConvolutionHandle.Create(kernel / 2, 1, CudnnDataType.Float, math));
        return convolution;
    }
}
