using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Models;

/// <summary>The numbers in which the linear layers of a text encoder multiply; all else of it is as the device has it.</summary>
public enum TextPrecision
{
    /// <summary>Those of the device: float32 on the CPU.</summary>
    Float32,

    /// <summary>
    /// 8-bit integers with exact sums, on the CPU alone (<see cref="Core.Ops.Op.Int8Linear"/>): a quarter of the layers' memory. Vectors
    /// differ a little from those of float32 and can be compared with them.
    /// </summary>
    Int8,
}

/// <summary>The names of text precisions, as commands have them.</summary>
public static class TextPrecisionName
{
    /// <summary>All names, the default first.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<TextPrecision>().Select(Of)];

    /// <summary>The name of a precision.</summary>
    public static string Of(TextPrecision precision) => precision == TextPrecision.Int8 ? "int8" : "fp32";

    /// <summary>The precision of a name; null where there is none of it.</summary>
    public static TextPrecision? Find(string name) =>
        All.Contains(name) ? Enum.GetValues<TextPrecision>().Single(precision => Of(precision) == name) : null;

    /// <summary>Refuses a device that has no such products.</summary>
    /// <exception cref="OptionException">The device is a GPU.</exception>
    public static void Require(TextPrecision precision, Device device)
    {
        if (precision == TextPrecision.Int8 && device is not CpuDevice)
            throw new OptionException($"8-bit text encoders are computed on the CPU alone, and this is {device}; take the CPU "
                + "(--device cpu), or leave the text encoder in float32 (--text-precision fp32)");
    }
}
