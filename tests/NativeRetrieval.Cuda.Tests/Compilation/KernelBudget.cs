using System.Text.Json;
using NativeRetrieval.Cuda.Compilation;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cuda.Tests.Compilation;

/// <summary>The resources that an entry point may take on one architecture: a row of <c>kernels/budget.json</c>.</summary>
internal sealed record KernelBudget(int Registers, int SpillBytes, int SharedBytes)
{
    static readonly JsonSerializerOptions _json =
        new() { WriteIndented = true, NewLine = "\n", PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    static string FilePath => Path.Combine(Fixtures.RepositoryRoot, "kernels", "budget.json");

    /// <summary>The budgets by entry point, then by architecture.</summary>
    public static SortedDictionary<string, SortedDictionary<string, KernelBudget>> Read() =>
        !File.Exists(FilePath) ? []
            : JsonSerializer.Deserialize<SortedDictionary<string, SortedDictionary<string, KernelBudget>>>(
                File.ReadAllText(FilePath), _json)!;

    public static void Write(SortedDictionary<string, SortedDictionary<string, KernelBudget>> budget) =>
        File.WriteAllText(FilePath, JsonSerializer.Serialize(budget, _json) + "\n");

    /// <summary>The resources over the budget; none where all are within.</summary>
    public IEnumerable<string> Excess(KernelResources used)
    {
        if (used.Registers > Registers) yield return $"{used.Registers} registers, budget {Registers}";
        if (used.SpillBytes > SpillBytes) yield return $"{used.SpillBytes} bytes spilled, budget {SpillBytes}";
        if (used.SharedBytes > SharedBytes) yield return $"{used.SharedBytes} bytes of static shared memory, budget {SharedBytes}";
    }
}
