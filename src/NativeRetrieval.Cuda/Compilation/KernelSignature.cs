using System.Text.RegularExpressions;

namespace NativeRetrieval.Cuda.Compilation;

/// <summary>
/// The parameters of an entry point. The driver copies arguments by the kernel's own declaration without knowing the caller's: an
/// int passed for a 64-bit parameter reads what lies behind it, so every launch is compared with this first.
/// </summary>
internal sealed partial record KernelSignature(string EntryPoint, IReadOnlyList<KernelParameter> Parameters)
{
    /// <summary>
    /// The signatures of a compiled file, from its PTX. An entry point with a parameter of unknown form has none: its launches are not
    /// compared.
    /// </summary>
    public static IEnumerable<KernelSignature> OfPtx(string ptx) =>
        from entry in Entry().Matches(ptx)
        let text = entry.Groups[2].Value
        let parameters = Parameter().Matches(text)
        where parameters.Count == AnyParameter().Count(text)
        select new KernelSignature(entry.Groups[1].Value, [.. parameters.Select(OfPtxParameter)]);

    /// <summary>The signatures of a text that has one <see cref="ToString"/> a line.</summary>
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

    // Newer compilers say of a pointer where it points to: .param .u64 .ptr.global.align 4 name, with or without spaces.
    [GeneratedRegex(@"\.param\s+(?:\.align\s+\d+\s+)?\.([a-z])(\d+)"
        + @"(?:\s*\.ptr(?:\s*\.(?:const|global|local|shared))?(?:\s*\.align\s+\d+)?)?\s+\w+(\[)?")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\.param\b")]
    private static partial Regex AnyParameter();
}
