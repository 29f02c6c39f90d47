namespace NativeRetrieval.OpBenchmarks;

/// <summary>Managed bytes that a steady forward pass allocates, on all threads; no clock is read.</summary>
public static class Allocations
{
    const int WarmUps = 4, Passes = 16;

    /// <summary>The mean of <see cref="Passes"/> passes after the ones that pack weights and fill pools.</summary>
    public static long Steady(Action run)
    {
        for (int i = 0; i < WarmUps; i++) run();
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < Passes; i++) run();
        return (GC.GetTotalAllocatedBytes(precise: true) - before) / Passes;
    }

    /// <summary>Prints a table of all op cases and small encoders, or of those whose name has one of the words.</summary>
    public static int Print(IReadOnlyCollection<string> words, TextWriter output)
    {
        output.WriteLine("| forward pass | bytes allocated |");
        output.WriteLine("|---|---:|");
        foreach (var (opCase, size) in PreparedCase.All)
            if (IsNamed(PreparedCase.NameOf(opCase)))
            {
                using var prepared = new PreparedCase(opCase, size);
                output.WriteLine($"| {PreparedCase.NameOf(opCase)} {size} | {Steady(prepared.Run):N0} |");
            }
        foreach (var (name, prepare) in PreparedEncoder.Small)
            if (IsNamed(name))
            {
                using var prepared = prepare();
                output.WriteLine($"| {name}, small | {Steady(prepared.Run):N0} |");
            }
        return 0;

        bool IsNamed(string name) => words.Count == 0 || words.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));
    }
}
