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
    public const double Undecided = 8.0 / (1 << 23);

    /// <summary>Operations that decide or repeat a decision; of those in brackets the checked passes have none.</summary>
    public static IReadOnlyList<string> Known { get; } =
    [
        nameof(IBackend.BatchNorm), nameof(IBackend.BatchNormBackward), nameof(IBackend.BatchNormPool2d),
        nameof(IBackend.BatchNormPool2dBackward), nameof(IBackend.BatchNormAddRelu), nameof(IBackend.BatchNormAddReluBackward),
        nameof(IBackend.Conv2dBatchNorm), nameof(IBackend.Conv2dBatchNormBackward), nameof(IBackend.Relu), nameof(IBackend.ReluBackward),
        nameof(IBackend.AddRelu), nameof(IBackend.Linear), nameof(IBackend.ClipPooling), nameof(IBackend.ClipPoolingBackward),
        .. NotInTraining,
    ];

    static IEnumerable<string> NotInTraining =>
        [nameof(IBackend.MaxPool2d), nameof(IBackend.MaxPool2dBackward), nameof(IBackend.PackedConv2d), nameof(IBackend.PackedConvBlock),
            nameof(IBackend.Int8Linear)];

    /// <summary>The tensor that backward will know this decision by; null where nothing is decided.</summary>
    public static Tensor? KeyOf(OperationCall call) => call.Name switch
    {
        nameof(IBackend.BatchNorm) or nameof(IBackend.BatchNormPool2d) or nameof(IBackend.Conv2dBatchNorm) when Rectifies(call) =>
            call.Argument<Tensor>("mean"),
        nameof(IBackend.BatchNormAddRelu) or nameof(IBackend.Relu) or nameof(IBackend.AddRelu) => call.Argument<Tensor>("y"),
        nameof(IBackend.Linear) when call.Argument<Activation>("activation") == Activation.Relu => call.Argument<Tensor>("y"),
        nameof(IBackend.ClipPooling) => call.Argument<Tensor>("peaks"),
        _ => null,
    };

    /// <summary>The tensor that this backward operation knows its decision by; null where it has none.</summary>
    public static Tensor? KeyOfBackward(OperationCall call) => call.Name switch
    {
        _ when DecidesBackward(call) => call.Argument<Tensor>("mean"),
        nameof(IBackend.BatchNormAddReluBackward) or nameof(IBackend.ReluBackward) => call.Argument<Tensor>("y"),
        nameof(IBackend.ClipPoolingBackward) => call.Argument<Tensor>("peaks"),
        _ => null,
    };

    public static bool IsMaximum(OperationCall call) => call.Name == nameof(IBackend.ClipPooling);

    /// <summary>The decisions: 1 where the rectifier passes and 0 elsewhere, or the frame of each maximum.</summary>
    public static int[] Of(OperationCall call)
    {
        if (IsMaximum(call)) return call.Argument<Tensor>("peaks").ToArray<int>();
        if (call.Name != nameof(IBackend.BatchNormPool2d))
            return Array.ConvertAll(HostTensor.Read(call.Argument<Tensor>("y")), value => value > 0 ? 1 : 0);
        // The result is of whole windows: their entries are rectified again, as backward does.
        int[] decided = new int[call.Argument<Tensor>("x").Count];
        foreach (var input in RectifierInput.Of(call, name => call.Argument<Tensor?>(name) is { } tensor ? HostTensor.Read(tensor) : null))
            decided[input.Entry] = input.Value > 0 ? 1 : 0;
        return decided;
    }

    /// <summary>Runs a backward operation with another's decisions in place of its own.</summary>
    public static object? RunWith(OperationCall call, int[] decided)
    {
        using var scope = TensorScope.Begin();
        double[] values = Array.ConvertAll(decided, value => (double)value);
        if (call.Name == nameof(IBackend.ClipPoolingBackward))
            return call.Run(call.Backend, call.With("peaks", Like(call.Argument<Tensor>("peaks"), values)));
        if (!DecidesBackward(call)) return call.Run(call.Backend, call.With("y", Like(call.Argument<Tensor>("y"), values)));
        // The entries that pass, and no rectifier of its own.
        var options = call.Argument<BatchNormOptions>("options") with { Relu = false };
        if (call.Name == nameof(IBackend.BatchNormPool2dBackward))
        {
            call.Backend.BatchNormBackward(Passed(Spread(call)), Named("x"), Named("weight"), Named("bias"), Named("mean"),
                Named("inverseDeviation"), call.Argument<Tensor?>("lengths"), options, Named("dx"), Named("dWeight"), Named("dBias"));
            return null;
        }
        object?[] arguments = call.With("dy", Passed(Named("dy")));
        arguments[call.IndexOf("options")] = options;
        return call.Run(call.Backend, arguments);

        Tensor Named(string name) => call.Argument<Tensor>(name);

        Tensor Passed(Tensor gradient)
        {
            double[] passed = HostTensor.Read(gradient);
            for (int i = 0; i < passed.Length; i++) passed[i] *= values[i];
            return Like(gradient, passed);
        }
    }

    /// <summary>
    /// Entries of dy with a rectifier that rounding alone could decide: an operation that decides by itself is checked without them.
    /// </summary>
    /// <param name="values">The arguments' elements.</param>
    public static IEnumerable<int> UndecidedEntries(OperationCall call, double[]?[] values) => !DecidesBackward(call) ? []
        : RectifierInput.Of(call, name => values[call.IndexOf(name)]).Where(input => Math.Abs(input.Value) <= Undecided * input.Terms)
            .Select(input => input.Gradient).Distinct();

    /// <summary>The gradient of the normalised maps behind pooling and dropout, by the operations that the fused one stands for.</summary>
    static Tensor Spread(OperationCall call)
    {
        var (dy, pooling) = (call.Argument<Tensor>("dy"), call.Argument<PoolingOptions>("pooling"));
        var spread = Tensor.EmptyLike(call.Argument<Tensor>("x"));
        if (pooling.Dropout > 0)
        {
            var kept = Tensor.EmptyLike(dy);
            call.Backend.Dropout(dy, pooling.Dropout, pooling.Stream, kept);
            dy = kept;
        }
        call.Backend.AvgPool2dBackward(dy, pooling.Window, pooling.Window, call.Argument<Tensor?>("lengths"), spread);
        return spread;
    }

    static Tensor Like(Tensor tensor, double[] elements) =>
        HostTensor.Write(elements, tensor.Shape, tensor.Device, tensor.DType, tensor.Layout);

    /// <summary>True for a backward operation that rectifies again, from its input.</summary>
    static bool DecidesBackward(OperationCall call) => call.Name is nameof(IBackend.BatchNormBackward)
        or nameof(IBackend.BatchNormPool2dBackward) or nameof(IBackend.Conv2dBatchNormBackward) && Rectifies(call);

    static bool Rectifies(OperationCall call) => call.Argument<BatchNormOptions>("options").Relu;
}
