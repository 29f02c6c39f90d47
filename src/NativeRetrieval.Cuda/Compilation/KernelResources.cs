using System.Globalization;
using System.Text.RegularExpressions;

namespace NativeRetrieval.Cuda.Compilation;

/// <summary>What an entry point takes of a multiprocessor, as the assembler's log tells it.</summary>
/// <param name="Registers">Per thread.</param>
/// <param name="SpillBytes">Stores and loads of registers that did not fit, per thread.</param>
/// <param name="SharedBytes">Static shared memory, per block.</param>
internal sealed partial record KernelResources(string EntryPoint, int Registers, int SpillBytes, int SharedBytes)
{
    /// <summary>One per entry point of a compiled file.</summary>
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
                yield return new(entry, Number(used.Groups[1]), spills, Shared().Match(line) is { Success: true } shared ? Number(shared.Groups[1]) : 0);
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
