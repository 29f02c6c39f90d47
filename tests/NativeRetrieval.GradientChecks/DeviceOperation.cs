using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks;

/// <summary>An operation with its inputs on a device, to be run again and again.</summary>
internal sealed class DeviceOperation : IDisposable
{
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
        return Read(outputs);
    }

    /// <summary>One run by each way that the device may take.</summary>
    public IEnumerable<OperationRun> RunEach(EveryWay ways, int[] outputs) =>
        ways.Run(_call.Name, () => _call.Run(_device.Backend, _arguments), () => Read(outputs));

    public void Dispose() => _scope.Dispose();

    double[]?[] Read(int[] outputs) =>
        [.. _arguments.Select((argument, i) => outputs.Contains(i) ? HostTensor.Read((Tensor)argument!) : null)];
}
