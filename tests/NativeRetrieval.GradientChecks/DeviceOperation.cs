using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Backend;
using NativeRetrieval.Cuda.Backend.Libraries;
using NativeRetrieval.Cuda.Runtime;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks;

/// <summary>An operation with its inputs on a device, to be run again and again.</summary>
internal sealed class DeviceOperation : IDisposable
{
    const int TimedRuns = 3;

    readonly TensorScope _scope = TensorScope.Begin();
    readonly OperationCall _call;
    readonly Device _device;
    readonly object?[] _arguments;

    /// <param name="values">The elements of each argument that is a tensor.</param>
    /// <param name="form">Types and layouts on the device; null: as the call has them.</param>
    public DeviceOperation(OperationCall call, Device device, double[]?[] values, CallForm? form)
    {
        (_call, _device) = (call, device);
        var known = new Dictionary<nint, Tensor>();
        _arguments = [.. call.Arguments.Select((argument, i) => argument is Tensor tensor ? On(tensor, i) : argument)];
        if (call.IndexOf("kept") is var kept and >= 0) _arguments[kept] = Kept();

        Tensor On(Tensor tensor, int i)
        {
            // What an operation works on in place is one tensor here, too.
            if (tensor.Count > 0 && known.TryGetValue(tensor.Address, out var same) && same.Shape == tensor.Shape) return same;
            return known[tensor.Address] = HostTensor.Write(
                values[i]!, tensor.Shape, device, form?.DTypes[i] ?? tensor.DType, form?.Layouts[i] ?? tensor.Layout);
        }
    }

    /// <summary>The tensor that the forward operation keeps for backward on this device: each backend keeps another.</summary>
    Tensor Kept()
    {
        var weight = Given("weight");
        return _device.Backend.Conv2dBatchNorm(Given("x"), Given("kernels"), weight, Given("bias"), Tensor.ZerosLike(weight),
            Tensor.ZerosLike(weight), (Tensor?)_arguments[_call.IndexOf("lengths")], _call.Argument<BatchNormOptions>("options"),
            Tensor.EmptyLike(Given("dy")), Tensor.EmptyLike(weight), Tensor.EmptyLike(weight));

        Tensor Given(string name) => (Tensor)_arguments[_call.IndexOf(name)]!;
    }

    /// <summary>The elements of the outputs after one run.</summary>
    public double[]?[] Run(int[] outputs)
    {
        _call.Run(_device.Backend, _arguments);
        return [.. _arguments.Select((argument, i) => outputs.Contains(i) ? HostTensor.Read((Tensor)argument!) : null)];
    }

    /// <summary>Runs by every algorithm that may be taken; once where there is no choice.</summary>
    public IEnumerable<OperationRun> RunEach(int[] outputs)
    {
        if (Direction is not { } direction || _device.Backend is not CudaBackend { Convolutions: var convolutions })
        {
            yield return new(null, Run(outputs), null, null);
            yield break;
        }
        var shape = direction switch
        {
            ConvolutionDirection.InputGradient => Shape("dx", "weight"),
            ConvolutionDirection.FilterGradient => Shape("x", "dWeight"),
            _ => Shape("x", "weight"),
        };
        foreach (var algorithm in convolutions.Algorithms(direction, shape))
        {
            convolutions.Force(direction, shape, algorithm);
            double[]?[] first = Run(outputs), second = Run(outputs);
            bool moves = outputs.Any(i => !first[i]!.AsSpan().SequenceEqual(second[i]));
            yield return new(algorithm, first, moves, Time((CudaDevice)_device));
        }
        convolutions.Force(direction, shape, null);
    }

    public void Dispose() => _scope.Dispose();

    ConvolutionDirection? Direction => _call.Name switch
    {
        nameof(IBackend.Conv2d) => ConvolutionDirection.Forward,
        nameof(IBackend.Conv2dInputGradient) => ConvolutionDirection.InputGradient,
        nameof(IBackend.Conv2dFilterGradient) => ConvolutionDirection.FilterGradient,
        _ => null,
    };

    ConvolutionShape Shape(string x, string weight) =>
        ConvolutionShape.Of(_call.Argument<Tensor>(x), _call.Argument<Tensor>(weight).Shape) with
        {
            IsBFloat16 = _arguments.OfType<Tensor>().Any(argument => argument.DType == DType.BFloat16),
        };

    double Time(CudaDevice cuda)
    {
        using CudaEvent start = new(cuda.Context, timing: true), end = new(cuda.Context, timing: true);
        cuda.Stream.Record(start);
        for (int i = 0; i < TimedRuns; i++) _call.Run(cuda.Backend, _arguments);
        cuda.Stream.Record(end);
        end.Wait();
        return end.MillisecondsSince(start) / TimedRuns;
    }
}

/// <summary>One run of an operation.</summary>
/// <param name="Algorithm">Null where there is no choice.</param>
/// <param name="Values">The elements of each output; null in all other places.</param>
internal sealed record OperationRun(ConvolutionAlgorithm? Algorithm, double[]?[] Values, bool? Moves, double? Milliseconds);
