namespace NativeRetrieval.Core.Devices;

/// <summary>
/// The precision that convolutions and matrix products take their operands in. Sums, statistics, losses, parameters and the optimizer are
/// float32 in each.
/// </summary>
public enum Precision : byte
{
    /// <summary>float32 operands: 24 significant bits.</summary>
    Float32,

    /// <summary>float32 operands rounded to TF32, 11 significant bits, for the tensor cores.</summary>
    Tf32,

    /// <summary>bfloat16 operands, activations and gradients of activations: 8 significant bits and half the memory.</summary>
    BFloat16,
}

/// <summary>The names of precisions, as commands, settings and tables have them.</summary>
public static class PrecisionName
{
    /// <summary>All names, the most precise first: <c>fp32</c>, <c>tf32</c>, <c>bf16</c>.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<Precision>().Select(Of)];

    /// <summary>The name of a precision.</summary>
    public static string Of(Precision precision) => precision switch
    {
        Precision.Float32 => "fp32",
        Precision.Tf32 => "tf32",
        _ => "bf16",
    };

    /// <summary>The precision of a name; null where there is none of it.</summary>
    public static Precision? Find(string name) =>
        All.Contains(name) ? Enum.GetValues<Precision>().Single(precision => Of(precision) == name) : null;
}
