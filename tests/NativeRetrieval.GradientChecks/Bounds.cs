using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.GradientChecks;

/// <summary>
/// The largest relative L2 error of one operation on float64's own inputs. float32: 1e-5, a thousand roundings of 2⁻²⁴ that add as a random
/// walk would give 2e-6. TF32: both operands of a product keep 11 significant bits and are cut off at worst, which is at most 2⁻¹⁰
/// each, √2·2⁻¹⁰ for two that are independent. bfloat16: operands are given as they are stored, so that only weights, rounded by the
/// device, and the result are rounded to 8 bits, at most 2⁻⁹ each: √2·2⁻⁹.
/// </summary>
internal static class Bounds
{
    public const double Float32 = 1e-5, Tf32 = 1.4142135623730951 / 1024, BFloat16 = 1.4142135623730951 / 512;

    /// <summary>A pass from end to end in float32 with float64's decisions: roundings of all layers add.</summary>
    public const double WholePass = 1e-4;

    static readonly string[] _products =
    [
        nameof(IBackend.Conv2d), nameof(IBackend.Conv2dInputGradient), nameof(IBackend.Conv2dFilterGradient), nameof(IBackend.MatMul),
        nameof(IBackend.Linear), nameof(IBackend.LinearParameterGradients), nameof(IBackend.Attention), nameof(IBackend.AttentionBackward),
    ];

    /// <param name="types">Types of the operation's tensors on the device.</param>
    public static double Of(Precision precision, string operation, IEnumerable<DType?> types) =>
        types.Contains(DType.BFloat16) ? BFloat16
        : precision != Precision.Float32 && _products.Contains(operation) ? Tf32
        : Float32;
}
