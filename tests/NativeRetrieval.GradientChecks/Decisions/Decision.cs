using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks.Decisions;

/// <summary>
/// The comparisons inside operations: which entries a rectifier passes, which frame is a maximum. Two values that differ by rounding alone
/// can decide differently, and the gradient then differs by a whole entry.
/// </summary>
internal static class Decision
{
    /// <summary>Rounding of a few float32 operations relative to the terms of γ·(x − μ)/σ + β.</summary>
    const double Undecided = 8.0 / (1 << 23);

    /// <summary>Operations that decide or repeat a decision; of those in brackets the checked passes have none.</summary>
    public static IReadOnlyList<string> Known { get; } =
    [
        nameof(IBackend.BatchNorm), nameof(IBackend.BatchNormBackward), nameof(IBackend.Relu), nameof(IBackend.ReluBackward),
        nameof(IBackend.AddRelu), nameof(IBackend.Linear), nameof(IBackend.ClipPooling), nameof(IBackend.ClipPoolingBackward),
        .. NotInTraining,
    ];

    static IEnumerable<string> NotInTraining =>
        [nameof(IBackend.MaxPool2d), nameof(IBackend.MaxPool2dBackward), nameof(IBackend.PackedConv2d)];

    /// <summary>The tensor that backward will know this decision by; null where nothing is decided.</summary>
    public static Tensor? KeyOf(OperationCall call) => call.Name switch
    {
        nameof(IBackend.BatchNorm) when Rectifies(call) => call.Argument<Tensor>("x"),
        nameof(IBackend.Relu) or nameof(IBackend.AddRelu) => call.Argument<Tensor>("y"),
        nameof(IBackend.Linear) when call.Argument<Activation>("activation") == Activation.Relu => call.Argument<Tensor>("y"),
        nameof(IBackend.ClipPooling) => call.Argument<Tensor>("peaks"),
        _ => null,
    };

    /// <summary>The tensor that this backward operation knows its decision by; null where it has none.</summary>
    public static Tensor? KeyOfBackward(OperationCall call) => call.Name switch
    {
        nameof(IBackend.BatchNormBackward) when Rectifies(call) => call.Argument<Tensor>("x"),
        nameof(IBackend.ReluBackward) => call.Argument<Tensor>("y"),
        nameof(IBackend.ClipPoolingBackward) => call.Argument<Tensor>("peaks"),
        _ => null,
    };

    public static bool IsMaximum(OperationCall call) => call.Name == nameof(IBackend.ClipPooling);

    /// <summary>The decisions: 1 where the rectifier passes and 0 elsewhere, or the frame of each maximum.</summary>
    public static int[] Of(OperationCall call) => IsMaximum(call) ? call.Argument<Tensor>("peaks").ToArray<int>()
        : Array.ConvertAll(HostTensor.Read(call.Argument<Tensor>("y")), value => value > 0 ? 1 : 0);

    /// <summary>Runs a backward operation with another's decisions in place of its own.</summary>
    public static object? RunWith(OperationCall call, int[] decided)
    {
        using var scope = TensorScope.Begin();
        double[] values = Array.ConvertAll(decided, value => (double)value);
        if (call.Name == nameof(IBackend.ClipPoolingBackward)) return call.Run(call.Backend, call.With("peaks", Like("peaks", values)));
        if (call.Name == nameof(IBackend.ReluBackward)) return call.Run(call.Backend, call.With("y", Like("y", values)));
        // The entries that pass, and no rectifier of its own.
        double[] dy = HostTensor.Read(call.Argument<Tensor>("dy"));
        for (int i = 0; i < dy.Length; i++) dy[i] *= values[i];
        object?[] arguments = call.With("dy", Like("dy", dy));
        arguments[call.Names.ToList().IndexOf("options")] = call.Argument<BatchNormOptions>("options") with { Relu = false };
        return call.Run(call.Backend, arguments);

        Tensor Like(string name, double[] elements)
        {
            var tensor = call.Argument<Tensor>(name);
            return HostTensor.Write(elements, tensor.Shape, tensor.Device, tensor.DType, tensor.Layout);
        }
    }

    /// <summary>
    /// Entries of dy whose rectifier rounding alone could decide: an operation that decides by itself is checked without them.
    /// </summary>
    /// <param name="values">The arguments' elements.</param>
    public static IEnumerable<int> UndecidedEntries(OperationCall call, double[]?[] values)
    {
        if (call.Name != nameof(IBackend.BatchNormBackward) || !Rectifies(call)) yield break;
        var shape = call.Argument<Tensor>("x").Shape;
        double[] x = Of("x"), weight = Of("weight"), bias = Of("bias"), mean = Of("mean"), inverse = Of("inverseDeviation");
        int channels = shape[1], plane = shape[2] * shape[3];
        for (int i = 0; i < x.Length; i++)
        {
            int c = i / plane % channels;
            double scale = weight[c] * inverse[c], z = (x[i] - mean[c]) * scale + bias[c];
            if (Math.Abs(z) <= Undecided * (Math.Abs(x[i] * scale) + Math.Abs(mean[c] * scale) + Math.Abs(bias[c]))) yield return i;
        }

        double[] Of(string name) => values[call.Names.ToList().IndexOf(name)]!;
    }

    static bool Rectifies(OperationCall call) => call.Argument<BatchNormOptions>("options").Relu;
}
