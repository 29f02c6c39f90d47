using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks;

/// <summary>
/// Watches a device's inference and holds what training does not run to float64's result of the same operands: packed convolutions, first
/// blocks and products with GELU, by every way that may be taken.
/// </summary>
internal sealed class InferenceChecker(string model, CudaDevice device, Precision precision)
{
    readonly List<OperationError> _found = [];
    readonly EveryWay _ways = new(device);

    public IReadOnlyList<OperationError> Found => _found;

    public object? Watch(OperationCall call)
    {
        object? result = call.Run();
        double[]? exact;
        using (TensorScope.Begin())
            exact = call.Name switch
            {
                nameof(IBackend.PackedConv2d) => Convolution(call),
                nameof(IBackend.PackedConvBlock) => Block(call),
                nameof(IBackend.Linear) when call.Argument<Activation>("activation") == Activation.Gelu => Gelu(call),
                _ => null,
            };
        if (exact is null) return result;
        int output = call.IndexOf("y");
        var types = call.Arguments.Select(argument => (argument as Tensor)?.DType).ToList();
        foreach (var run in _ways.Run(call.Name, () => call.Run(),
            () => [.. call.Arguments.Select((argument, i) => i == output ? HostTensor.Read((Tensor)argument!) : null)]))
        {
            var row = new OperationError(model, $"{call.Name}, inference", call.Shapes, "y", run.Algorithm, run.Deterministic, run.Moves,
                run.Milliseconds, 0, Bounds.Of(precision, call, types, output), 0, 0, 0);
            _found.Add(OperationChecker.Compared(row, call, output, exact, run.Values[output]!));
        }
        return result;
    }

    static double[] Gelu(OperationCall call)
    {
        var types = call.Arguments.Select(argument => argument is Tensor ? DType.Float64 : (DType?)null);
        var layouts = call.Arguments.Select(argument => argument is Tensor ? Layout.Contiguous : (Layout?)null);
        double[]?[] values = [.. call.Arguments.Select(argument => argument is Tensor tensor ? HostTensor.Read(tensor) : null)];
        int output = call.IndexOf("y");
        using var exact = new DeviceOperation(call, CpuDevice.Shared, values, new(call.Name, [.. types], [.. layouts]));
        return exact.Run([output])[output]!;
    }

    static double[] Convolution(OperationCall call)
    {
        var convolved = Convolved(Exact(call.Argument<Tensor>("x")), call.Argument<PackedConvolution>("convolution"));
        if (call.Argument<Tensor?>("summand") is { } summand) convolved = Op.Add(convolved, Exact(summand));
        return (call.Argument<bool>("relu") ? Op.Relu(convolved) : convolved).ToArray<double>();
    }

    static double[] Block(OperationCall call)
    {
        var lengths = call.Argument<Tensor?>("lengths") is { } frames
            ? Tensor.From(frames.ToArray<int>(), frames.Shape, CpuDevice.Shared) : null;
        var hidden = Op.Relu(Convolved(Exact(call.Argument<Tensor>("x")), call.Argument<PackedConvolution>("first")));
        if (lengths is not null) hidden = Op.MaskFrames(hidden, lengths);
        var maps = Op.Relu(Convolved(hidden, call.Argument<PackedConvolution>("second")));
        return Op.AvgPool2d(maps, 2, 2, lengths).ToArray<double>();
    }

    /// <summary>x ∗ weight + bias by what was packed: its kernels have their scale in them.</summary>
    static Tensor Convolved(Tensor x, PackedConvolution convolution)
    {
        var weight = Exact(convolution.Weight).Reshape(convolution.WeightShape);
        double[] y = Op.Conv2d(x, weight).ToArray<double>(), bias = HostTensor.Read(convolution.Bias);
        int channels = convolution.WeightShape[0], plane = x.Shape[2] * x.Shape[3];
        for (int i = 0; i < y.Length; i++) y[i] += bias[i / plane % channels];
        return Tensor.From(y, [x.Shape[0], channels, x.Shape[2], x.Shape[3]], CpuDevice.Shared);
    }

    static Tensor Exact(Tensor tensor) => Tensor.From(HostTensor.Read(tensor), tensor.Shape, CpuDevice.Shared);
}
