using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Backend;
using NativeRetrieval.Cuda.Backend.Libraries;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.GradientChecks;

/// <summary>
/// Runs an operation by every way that a device may take: each algorithm of the library's convolution or product, and an own kernel in
/// their place. Layers repeat products: from its second time on, one runs by the way that is taken. What the library refuses is never
/// taken, and left out.
/// </summary>
internal sealed class EveryWay(Device device)
{
    /// <summary>Operations with a choice; running one again writes the same. Of some an own kernel may be taken.</summary>
    static readonly Dictionary<string, (string Name, Action<CudaBackend, bool?> Force)?> _own = new()
    {
        [nameof(IBackend.Conv2d)] = null,
        [nameof(IBackend.Conv2dInputGradient)] = null,
        [nameof(IBackend.Conv2dFilterGradient)] = null,
        [nameof(IBackend.MatMul)] = null,
        [nameof(IBackend.LinearParameterGradients)] = null,
        [nameof(IBackend.Linear)] = ("one kernel", (backend, forced) => backend.GeluByOneKernel = forced),
        [nameof(IBackend.PackedConv2d)] = ("transforms", (backend, forced) => backend.Transforms = forced),
        [nameof(IBackend.PackedConvBlock)] = ("one kernel", (backend, forced) => backend.BlockByOneKernel = forced),
    };

    readonly HashSet<(string, ProductShape)> _seen = [];

    /// <param name="run">Queues the operation.</param>
    /// <param name="read">Gives the elements of its outputs, null in all other places.</param>
    public IEnumerable<OperationRun> Run(string operation, Action run, Func<double[]?[]> read)
    {
        if (device is not CudaDevice { Backend: CudaBackend backend } cuda || !_own.TryGetValue(operation, out var own))
        {
            run();
            yield return new(null, null, read(), null, null);
            yield break;
        }
        own?.Force(backend, false);
        try
        {
            var library = PartsOf(backend, run);
            foreach (var one in ByLibrary("", library)) yield return one;
            if (own is null) yield break;
            own.Value.Force(backend, true);
            var others = PartsOf(backend, run);
            // The same once more: there is no such kernel for these sizes or in this precision.
            if (others.SequenceEqual(library)) yield break;
            foreach (var one in ByLibrary(own.Value.Name, others)) yield return one;
        }
        finally
        {
            own?.Force(backend, null);
        }

        IEnumerable<OperationRun> ByLibrary(string name, IReadOnlyList<Part> parts)
        {
            if (parts.Count == 0 && Once(cuda, name == "" ? null : name, null, run, read) is { } alone) yield return alone;
            string before = name == "" ? "" : $"{name}, ";
            foreach (var part in parts)
                foreach (var one in part.Product is { } product ? ByProduct(product) : ByConvolution(part.Direction, part.Convolution))
                    if (one is not null) yield return one with { Algorithm = before + one.Algorithm };
        }

        IEnumerable<OperationRun?> ByConvolution(ConvolutionDirection direction, ConvolutionShape shape)
        {
            foreach (var algorithm in backend.Convolutions.Algorithms(direction, shape))
            {
                backend.Convolutions.Force(direction, shape, algorithm);
                yield return Once(cuda, algorithm.Name, algorithm.Deterministic, run, read);
            }
            backend.Convolutions.Force(direction, shape, null);
        }

        IEnumerable<OperationRun?> ByProduct(ProductShape shape)
        {
            int usual = backend.Products.Chosen(shape).Place;
            bool isFirst = _seen.Add((operation, shape));
            var names = backend.Products.Names(shape);
            for (int which = 0; which < names.Count; which++)
            {
                if (!isFirst && which != usual) continue;
                backend.Products.Force(shape, which);
                yield return Once(cuda, $"product {names[which]}", null, run, read);
            }
            backend.Products.Force(shape, usual);
        }
    }

    /// <summary>The library's convolutions and products in one run.</summary>
    static List<Part> PartsOf(CudaBackend backend, Action run)
    {
        var parts = new List<Part>();
        backend.Convolutions.Ran = (direction, shape) => parts.Add(new(direction, shape, null));
        backend.Products.Ran = shape => parts.Add(new(default, default, shape));
        try
        {
            run();
        }
        finally
        {
            (backend.Convolutions.Ran, backend.Products.Ran) = (null, null);
        }
        return parts;
    }

    /// <summary>Null where the library refuses.</summary>
    static OperationRun? Once(CudaDevice device, string? name, bool? deterministic, Action run, Func<double[]?[]> read)
    {
        try
        {
            run();
            double[]?[] first = read();
            using CudaEvent start = new(device.Context, timing: true), end = new(device.Context, timing: true);
            device.Stream.Record(start);
            run();
            device.Stream.Record(end);
            bool moves = first.Zip(read()).Any(pair => pair.First is not null && !pair.First.AsSpan().SequenceEqual(pair.Second));
            end.Wait();
            return new(name, deterministic, first, moves, end.MillisecondsSince(start));
        }
        catch (CudaException error) when (error is not CudaDeviceLostException)
        {
            return null;
        }
    }

    /// <summary>A convolution, or else a product.</summary>
    readonly record struct Part(ConvolutionDirection Direction, ConvolutionShape Convolution, ProductShape? Product);
}

/// <summary>One run of an operation.</summary>
/// <param name="Algorithm">Null where there is no choice.</param>
/// <param name="Deterministic">A convolution's promise of the same bits in every run; else null.</param>
/// <param name="Values">The elements of each output; null in all other places.</param>
internal sealed record OperationRun(string? Algorithm, bool? Deterministic, double[]?[] Values, bool? Moves, double? Milliseconds);
