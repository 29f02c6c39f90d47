using System.Text.RegularExpressions;
using NativeRetrieval.Cuda.Compilation;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cuda.Tests.Uncalled;

/// <summary>The entry points and headers of <c>kernels</c>, and what names them, read from the texts.</summary>
internal static partial class KernelTexts
{
    /// <summary>The <c>extern "C"</c> functions of a kernel file, those that a macro makes for each element type included.</summary>
    public static IEnumerable<string> EntryPoints(string text)
    {
        string code = Comments().Replace(text, "").Replace("\\\n", " ");
        var macros = Macros().Matches(code).ToDictionary(macro => macro.Groups["name"].Value);
        string expanded = Macros().Replace(code, "");
        foreach (Match use in Invocations().Matches(expanded))
            if (macros.TryGetValue(use.Groups["name"].Value, out var macro))
            {
                string parameter = $@"\s*##\s*{macro.Groups["parameter"].Value}\b";
                expanded += Regex.Replace(macro.Groups["body"].Value, parameter, use.Groups["argument"].Value);
            }
        return EntryPoint().Matches(expanded).Select(match => match.Groups["name"].Value);
    }

    /// <summary>The headers that no kernel file includes, be it over other headers.</summary>
    public static IEnumerable<string> UnusedHeaders()
    {
        var sources = KernelSource.Names.Select(KernelSource.Embedded).ToList();
        var headers = sources[0].Headers.ToDictionary(header => header.Name, header => header.Text);
        var used = new HashSet<string>();
        var open = new Stack<string>(sources.Select(source => source.Text));
        while (open.TryPop(out string? text))
            foreach (string name in Includes().Matches(text).Select(include => include.Groups["name"].Value))
                if (used.Add(name)) open.Push(headers[name]);
        return headers.Keys.Except(used);
    }

    /// <summary>The strings in the backend's sources that start like an entry point, as patterns: a hole stands for any word.</summary>
    public static List<Regex> Uses()
    {
        string folder = Path.Combine(Fixtures.RepositoryRoot, "src", "NativeRetrieval.Cuda", "Backend");
        return [.. Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Strings(File.ReadAllText(file)))
            .Where(text => KernelSource.Names.Any(name => text.StartsWith(name + "_", StringComparison.Ordinal)) && Pattern().IsMatch(text))
            .Distinct().Select(text => new Regex($@"^{text.Replace("*", @"\w+")}$"))];
    }

    /// <summary>The strings of a C# text; a hole of an interpolated one is a <c>*</c>.</summary>
    public static IEnumerable<string> Strings(string text)
    {
        string code = Comments().Replace(text, "");
        for (int start = code.IndexOf('"'); start >= 0; start = code.IndexOf('"', start))
        {
            bool interpolated = start > 0 && code[start - 1] == '$';
            var found = new System.Text.StringBuilder();
            int depth = 0, at = start + 1;
            for (; at < code.Length && !(depth == 0 && code[at] == '"'); at++)
            {
                if (code[at] == '\\') found.Append(code[at++]).Append(code[at]);
                else if (interpolated && code[at] == '{' && depth++ == 0) found.Append('*');
                else if (interpolated && code[at] == '}') depth--;
                else if (depth == 0) found.Append(code[at]);
            }
            yield return found.ToString();
            start = at + 1;
        }
    }

    [GeneratedRegex(@"//[^\n]*")]
    private static partial Regex Comments();

    [GeneratedRegex(@"^#define (?<name>\w+)\((?<parameter>\w+)\)(?<body>[^\n]*)\n", RegexOptions.Multiline)]
    private static partial Regex Macros();

    [GeneratedRegex(@"^(?<name>\w+)\((?<argument>\w+)\)\s*;?\s*$", RegexOptions.Multiline)]
    private static partial Regex Invocations();

    [GeneratedRegex(@"extern\s+""C""\s+__global__\s+void\s+(?:__launch_bounds__\([^)]*\)\s*)?(?<name>\w+)\s*\(")]
    private static partial Regex EntryPoint();

    [GeneratedRegex(@"#include\s+""(?<name>[^""]+)""")]
    private static partial Regex Includes();

    [GeneratedRegex(@"^[\w*]+$")]
    private static partial Regex Pattern();
}
