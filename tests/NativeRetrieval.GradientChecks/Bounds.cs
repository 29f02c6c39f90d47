using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks;

/// <summary>
/// The largest relative L2 error of one output of an operation on float64's own inputs.
/// <para>float32: 1e-5, a thousand roundings of 2⁻²⁴ that add as a random walk would give 2e-6.</para>
/// <para>TF32: both operands of a product keep 11 significant bits and are cut off at worst, which is at most 2⁻¹⁰ each, √2·2⁻¹⁰ for two
/// that are independent.</para>
/// <para>bfloat16: 8 significant bits, rounded to the nearest, which is at most 2⁻⁸ each, √n·2⁻⁸ for n that are independent. Activations
/// are given as they are stored and sums are float32, so that n counts what an operation rounds on its way to the output
/// (<see cref="Roundings"/>). On average over a binade a rounding is 0.39·2⁻⁸ in L2: the rest is room for sums that cancel, whose terms'
/// errors do not. An output that nothing rounds is held to float32's bound.</para>
/// </summary>
internal static class Bounds
{
    public const double Float32 = 1e-5, Tf32 = 1.4142135623730951 / 1024, BFloat16Rounding = 1.0 / 256;

    /// <summary>A pass from end to end in float32 with float64's decisions: roundings of all layers add.</summary>
    public const double WholePass = 1e-4;

    static readonly string[] _attention =
    [
        nameof(IBackend.Attention), nameof(IBackend.AttentionBackward), nameof(IBackend.WindowAttention),
        nameof(IBackend.WindowAttentionBackward),
    ];

    static readonly string[] _products =
    [
        nameof(IBackend.Conv2d), nameof(IBackend.Conv2dInputGradient), nameof(IBackend.Conv2dFilterGradient), nameof(IBackend.MatMul),
        nameof(IBackend.Linear), nameof(IBackend.LinearParameterGradients), nameof(IBackend.PackedConv2d), nameof(IBackend.PackedConvBlock),
        .. _attention,
    ];

    /// <param name="types">Types of the operation's arguments on the device; null for what is no tensor.</param>
    /// <param name="output">The place of the output among the arguments.</param>
    public static double Of(Precision precision, OperationCall call, IReadOnlyList<DType?> types, int output)
    {
        bool multipliesInTf32 = precision != Precision.Float32 && _products.Contains(call.Name);
        if (!types.Contains(DType.BFloat16)) return multipliesInTf32 ? Tf32 : Float32;
        double squares = Roundings(call, types, output) * BFloat16Rounding * BFloat16Rounding;
        // Inside attention products are TF32's; those of bfloat16 operands are exact.
        if (_attention.Contains(call.Name)) squares += Tf32 * Tf32;
        return Math.Max(Float32, Math.Sqrt(squares));
    }

    /// <summary>
    /// Roundings to bfloat16 between what an operation is given and an output: of parameters that meet activations in a product, the weight
    /// and its bias as one, since they are terms of one sum; of what lies between, such as cuDNN's own filter gradient and the argument of
    /// a GELU; of the output where it is stored.
    /// </summary>
    static int Roundings(OperationCall call, IReadOnlyList<DType?> types, int output)
    {
        int stored = types[output] == DType.BFloat16 ? 1 : 0;
        return stored + call.Name switch
        {
            nameof(IBackend.Conv2d) or nameof(IBackend.Conv2dInputGradient) => 1,
            nameof(IBackend.Conv2dFilterGradient) or nameof(IBackend.PackedConv2d) => 1,
            // The second convolution's parameters, and the maps of both.
            nameof(IBackend.PackedConvBlock) => 3,
            nameof(IBackend.Linear) => call.Argument<Activation>("activation") == Activation.Gelu ? 2 : 1,
            nameof(IBackend.MatMul) => types[call.IndexOf("a")] != types[call.IndexOf("b")] ? 1 : 0,
            _ => 0,
        };
    }
}
