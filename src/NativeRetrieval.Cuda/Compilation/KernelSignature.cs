using System.Text.RegularExpressions;

namespace NativeRetrieval.Cuda.Compilation;

/// <summary>
/// What an entry point takes. The driver copies arguments by the kernel's own declaration without knowing the caller's: an int
/// passed for a 64-bit parameter reads what lies behind it, so every launch is compared with this first.
/// </summary>
internal sealed partial record KernelSignature(string EntryPoint, IReadOnlyList<KernelParameter> Parameters)
{
    /// <summary>One per entry point of a compiled file, from its PTX.</summary>
    public static IEnumerable<KernelSignature> OfPtx(string ptx) =>
        Entry().Matches(ptx).Select(entry => new KernelSignature(entry.Groups[1].Value, [.. Parameter().Matches(entry.Groups[2].Value).Select(OfPtxParameter)]));

    /// <summary>Reads what <see cref="ToString"/> wrote, one a line.</summary>
    public static IEnumerable<KernelSignature> Read(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' '))
            .Select(words => new KernelSignature(words[0], [.. words[1..].Select(Enum.Parse<KernelParameter>)]));

    /// <exception cref="ArgumentException">Number, widths or kinds of the arguments are not the kernel's.</exception>
    public void Require(ReadOnlySpan<KernelArgument> arguments)
    {
        bool fits = arguments.Length == Parameters.Count;
        for (int i = 0; fits && i < arguments.Length; i++) fits = arguments[i].Kind == Parameters[i];
        if (fits) return;
        var passed = new List<KernelParameter>();
        foreach (var argument in arguments) passed.Add(argument.Kind);
        throw new ArgumentException($"{EntryPoint} takes ({string.Join(", ", Parameters)}), got ({string.Join(", ", passed)})");
    }

    public override string ToString() => string.Join(' ', [EntryPoint, .. Parameters.Select(parameter => parameter.ToString())]);

    static KernelParameter OfPtxParameter(Match match) => (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Success) switch
    {
        ("f", "32", false) => KernelParameter.Float32,
        ("f", "64", false) => KernelParameter.Float64,
        ("u" or "s" or "b", "32", false) => KernelParameter.Word32,
        ("u" or "s" or "b", "64", false) => KernelParameter.Word64,
        _ => KernelParameter.Other,
    };

    [GeneratedRegex(@"\.entry\s+(\w+)\s*\(([^)]*)\)")]
    private static partial Regex Entry();

    [GeneratedRegex(@"\.param\s+(?:\.align\s+\d+\s+)?\.([a-z])(\d+)\s+\w+(\[)?")]
    private static partial Regex Parameter();
}
