using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Decisions;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks;

/// <summary>
/// Watches a float64 pass and runs each of its operations on a device, too: on the same inputs, cast to what the device stores, by every
/// algorithm that may be taken.
/// </summary>
internal sealed class OperationChecker(string model, Device device, Precision precision, CallScript script, DecisionLog decisions)
{
    readonly List<OperationError> _found = [];
    readonly EveryWay _ways = new(device);

    public IReadOnlyList<OperationError> Found => _found;

    public object? Watch(OperationCall call)
    {
        if (CallScript.IsConversion(call)) return call.Run();
        var form = script.Next(call);
        double[]?[] before = Values(call.Arguments);
        object? result = call.Run();
        decisions.Record(call);
        Check(call, form, before);
        return result;
    }

    void Check(OperationCall call, CallForm form, double[]?[] inputs)
    {
        double[]?[] exact = Values(call.Arguments);
        int[] outputs = [.. Enumerable.Range(0, inputs.Length).Where(i => exact[i] is not null
            && (IsOutput(call.Names[i]) || !exact[i]!.AsSpan().SequenceEqual(inputs[i])))];
        int leftOut = 0, gradient = call.IndexOf("dy");
        // float32 rounds each input by 6e-8, far below the bound, and is held to float64's own result. What rounds more, or lacks entries
        // that only rounding decides, is held to float64's result of just that.
        bool again = form.DTypes.Contains(DType.BFloat16);
        if (again) inputs = [.. inputs.Select((values, i) => values is null ? null : HostTensor.Rounded(values, form.DTypes[i]!.Value))];
        foreach (int entry in Decision.UndecidedEntries(call, inputs))
        {
            if (leftOut++ == 0) inputs[gradient] = [.. inputs[gradient]!];
            inputs[gradient]![entry] = 0;
        }
        if (again || leftOut > 0)
        {
            using var reference = new DeviceOperation(call, CpuDevice.Shared, inputs, form: null);
            exact = reference.Run(outputs);
        }
        using var operation = new DeviceOperation(call, device, inputs, form);
        foreach (var run in operation.RunEach(_ways, outputs))
            foreach (int i in outputs)
            {
                var row = new OperationError(model, call.Name, call.Shapes, call.Names[i], run.Algorithm,
                    run.Deterministic, run.Moves, run.Milliseconds, 0,
                    Bounds.Of(precision, call, form.DTypes, i), leftOut, 0, 0);
                _found.Add(call.Names[i] == "peaks" ? Peaks(row, call, exact[i]!, run.Values[i]!)
                    : Compared(row, call, i, exact[i]!, run.Values[i]!));
            }
    }

    /// <summary>The row with the error of an output.</summary>
    public static OperationError Compared(OperationError row, OperationCall call, int output, double[] exact, double[] found)
    {
        // What sums to nothing, such as the gradient of a key's bias, is measured by what was summed.
        int dy = call.IndexOf("dy");
        double scale = row.Output == "dBias" && dy >= 0 ? RelativeError.Norm(HostTensor.Read((Tensor)call.Arguments[dy]!)) : 0;
        var shape = ((Tensor)call.Arguments[output]!).Shape;
        var (outer, channels) = row.Output is "y" or "dx" && shape.Length == 4 ? (shape[0], shape[1])
            : shape.Length > 0 ? (1, shape[0]) : (1, 1);
        return row with
        {
            Error = RelativeError.Of(exact, found, scale),
            Channels = channels,
            ChannelsOver = RelativeError.ChannelsOver(exact, found, outer, channels, row.Bound, scale),
        };
    }

    /// <summary>Another frame may be the maximum only where both have the same mean within the bound.</summary>
    static OperationError Peaks(OperationError row, OperationCall call, double[] exact, double[] found)
    {
        var x = call.Argument<Tensor>("x");
        double[] values = HostTensor.Read(x);
        int width = x.Shape[3], plane = x.Shape[2] * width, ties = 0;
        double error = 0;
        for (int i = 0; i < exact.Length; i++)
        {
            if (exact[i] == found[i]) continue;
            ties++;
            double most = Mean(i, exact[i]), other = Mean(i, found[i]);
            error = Math.Max(error, other >= 0 && most > 0 ? (most - other) / most : double.PositiveInfinity);
        }
        return row with { Error = error, LeftOut = ties, Channels = exact.Length, ChannelsOver = ties };

        double Mean(int row, double frame) =>
            frame >= 0 && frame < x.Shape[2] ? values.AsSpan(row * plane + (int)frame * width, width).ToArray().Average() : -1;
    }

    static double[]?[] Values(object?[] arguments) =>
        [.. arguments.Select(argument => argument is Tensor tensor ? HostTensor.Read(tensor) : null)];

    /// <summary>Names that <see cref="IBackend"/> gives its results; others are recognised by their change.</summary>
    static bool IsOutput(string name) => name is "y" or "c" or "dx" || (name.Length > 1 && name[0] == 'd' && char.IsUpper(name[1]));
}
