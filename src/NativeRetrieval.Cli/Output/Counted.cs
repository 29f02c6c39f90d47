using System.Globalization;

namespace NativeRetrieval.Cli.Output;

/// <summary>Numbers of things for people.</summary>
public static class Counted
{
    /// <summary>A number with the thing that is counted: <c>1 file</c>, <c>12,000 files</c>.</summary>
    /// <param name="one">The thing in the singular.</param>
    /// <param name="several">Null: the singular with an s.</param>
    public static string Of(long count, string one, string? several = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? one : several ?? one + "s")}");
}
