using System.Globalization;
using System.Text.RegularExpressions;

namespace NativeRetrieval.Cuda.Compilation;

/// <summary>The resources of a multiprocessor that an entry point takes, read from the assembler's log.</summary>
/// <param name="Registers">Registers of a thread.</param>
/// <param name="SpillBytes">Bytes that a thread stores and loads for registers that did not fit.</param>
/// <param name="SharedBytes">Static shared memory of a block.</param>
internal sealed partial record KernelResources(string EntryPoint, int Registers, int SpillBytes, int SharedBytes)
{
    /// <summary>The resources of each entry point of a compiled file.</summary>
    public static IEnumerable<KernelResources> Parse(string log)
    {
        string? entry = null;
        int spills = 0;
        foreach (string line in log.Split('\n'))
        {
            if (Entry().Match(line) is { Success: true } start) (entry, spills) = (start.Groups[1].Value, 0);
            else if (Spills().Match(line) is { Success: true } spilled) spills = Number(spilled.Groups[1]) + Number(spilled.Groups[2]);
            else if (entry is not null && Used().Match(line) is { Success: true } used)
            {
                int sharedBytes = Shared().Match(line) is { Success: true } shared ? Number(shared.Groups[1]) : 0;
                yield return new(entry, Number(used.Groups[1]), spills, sharedBytes);
                entry = null;
            }
        }
    }

    static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"Compiling entry function '(\w+)'")]
    private static partial Regex Entry();

    [GeneratedRegex(@"(\d+) bytes spill stores, (\d+) bytes spill loads")]
    private static partial Regex Spills();

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex Used();

    [GeneratedRegex(@"(\d+) bytes smem")]
    private static partial Regex Shared();
}
