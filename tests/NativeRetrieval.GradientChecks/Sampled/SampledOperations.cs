using System.Runtime.InteropServices;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks.Sampled;

/// <summary>
/// Operations of any size by every way that may be taken: entries that are spread over each result are held to what float64 gives there.
/// </summary>
internal abstract class SampledOperations(string model, Device device, Precision precision)
{
    /// <summary>Runs of entries of a result.</summary>
    protected const int Runs = 192;

    readonly List<OperationError> _found = [];
    readonly EveryWay _ways = new(device);

    public IReadOnlyList<OperationError> Found => _found;

    protected Device Device { get; } = device;

    /// <summary>A place out of so many: the first and the last one, where borders are, and others.</summary>
    public static int Place(ulong stream, int i, int count) =>
        i == 0 ? 0 : i == 1 ? count - 1 : (int)(SampledOperand.Bits(stream, i) % (ulong)count);

    /// <summary>Runs an operation and holds its results to what is expected.</summary>
    /// <param name="given">Arguments by name; an operation takes those that it has.</param>
    /// <param name="leftOut">Entries that rounding alone decides, left out.</param>
    /// <returns>The operation's own result.</returns>
    protected object? Check(string operation, IReadOnlyDictionary<string, object?> given, int leftOut, params Expected[] expected)
    {
        var method = typeof(IBackend).GetMethod(operation)!;
        var call = new OperationCall(method, [.. method.GetParameters().Select(parameter => given[parameter.Name!])], Device.Backend);
        DType?[] types = [.. call.Arguments.Select(argument => (argument as Tensor)?.DType)];
        object? result = null;
        foreach (var run in _ways.Run(operation, () => result = call.Run(),
            () => [.. expected.Select(one => Read(call.Argument<Tensor>(one.Output), one.Starts, one.Length))]))
            foreach (var (one, found) in expected.Zip(run.Values))
                _found.Add(new(model, operation, call.Shapes, one.Output, run.Algorithm, run.Deterministic, run.Moves, run.Milliseconds,
                    RelativeError.Of(one.Exact, found!), Bounds.Of(precision, call, types, call.IndexOf(one.Output)), leftOut, 0, 0));
        return result;
    }

    /// <summary>Rows that are spread over a result, all where there are no more.</summary>
    /// <param name="exact">Entries of a row.</param>
    protected static Expected Some(string output, int most, int rows, int width, Func<int, double[]> exact)
    {
        int[] some = [.. Enumerable.Range(0, Math.Min(most, rows)).Select(i => rows <= most ? i : Place(4, i, rows))];
        double[] values = new double[some.Length * width];
        Parallel.For(0, some.Length, i => exact(some[i]).CopyTo(values, i * width));
        return new(output, [.. some.Select(row => row * width)], width, values);
    }

    double[] Read(Tensor tensor, int[] starts, int length)
    {
        using var scope = TensorScope.Begin();
        if (tensor.DType == DType.BFloat16) tensor = Op.Cast(tensor, DType.Float32);
        if (tensor.Layout != Layout.Contiguous) tensor = Op.ToLayout(tensor, Layout.Contiguous);
        float[] values = new float[starts.Length * length];
        for (int i = 0; i < starts.Length; i++)
            Device.CopyOut(tensor.Address + (nint)starts[i] * sizeof(float), MemoryMarshal.AsBytes(values.AsSpan(i * length, length)));
        return Array.ConvertAll(values, value => (double)value);
    }

    /// <summary>Values of float64 at some entries of a result: runs of one length, one behind the other.</summary>
    /// <param name="Output">The result's name among the operation's arguments.</param>
    /// <param name="Starts">The first entry of each run, row-major.</param>
    protected sealed record Expected(string Output, int[] Starts, int Length, double[] Exact);
}
