using System.Globalization;

namespace NativeRetrieval.Cli.Output;

/// <summary>Numbers of bytes for people.</summary>
public static class Sizes
{
    static readonly string[] _units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>A number of bytes in the largest unit of which there is one, such as <c>1.5 GiB</c>.</summary>
    public static string Text(long bytes)
    {
        double value = bytes;
        int unit = 0;
        for (; value >= 1024 && unit < _units.Length - 1; unit++) value /= 1024;
        return string.Create(CultureInfo.InvariantCulture,
            $"{value.ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture)} {_units[unit]}");
    }
}
