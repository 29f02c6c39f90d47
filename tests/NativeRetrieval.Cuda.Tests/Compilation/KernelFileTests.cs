using System.Text.RegularExpressions;
using NativeRetrieval.Cuda.Compilation;

namespace NativeRetrieval.Cuda.Tests.Compilation;

/// <summary>
/// Every kernel file by the real compiler: for sm_90 by NVRTC 12.4 in this process, for sm_80 by 11.8 in another; with
/// NATIVERETRIEVAL_KERNELS=all, and where the budget is written anew, by both for both.
/// </summary>
public partial class KernelFileTests
{
    static readonly bool _all = Environment.GetEnvironmentVariable("NATIVERETRIEVAL_KERNELS") == "all" || UpdatesBudget;

    static readonly int[] _ofOlder = _all ? [80, 90] : [80], _ofNewer = _all ? [80, 90] : [90];

    static bool UpdatesBudget => Environment.GetEnvironmentVariable("NATIVERETRIEVAL_UPDATE_GOLDEN") == "1";

    public static TheoryData<string, int> FilesAndArchitectures =>
        [.. KernelSource.Names.SelectMany(name => _ofNewer.Select(architecture => (name, architecture)))];

    [Theory]
    [MemberData(nameof(FilesAndArchitectures))]
    public void Compiles_within_its_budget(string name, int architecture)
    {
        Assert.SkipWhen(CudaTestLibraries.Folder(CudaTestLibraries.Newer) is null, CudaTestLibraries.WhyAbsent(CudaTestLibraries.Newer));
        HoldsToBudget(name, architecture);
    }

    [Fact]
    public Task Compiles_by_the_oldest_supported_compiler_too() => ChildRun.WithAsync(CudaTestLibraries.Older, () =>
    {
        Assert.Equal(new Version(11, 8), new KernelCompiler().Version);
        foreach (string name in KernelSource.Names)
            foreach (int architecture in _ofOlder) HoldsToBudget(name, architecture);
    });

    /// <summary>PTX is a stage of the machine code above: one file shows that it is given out.</summary>
    [Fact]
    public void Compiles_to_PTX_for_GPUs_that_are_newer_than_the_compiler()
    {
        Assert.SkipWhen(CudaTestLibraries.Folder(CudaTestLibraries.Newer) is null, CudaTestLibraries.WhyAbsent(CudaTestLibraries.Newer));
        var image = new KernelCompiler().Compile(KernelSource.Embedded("top_k"), new(90, IsPtx: true));
        Assert.Contains(".target sm_90", System.Text.Encoding.ASCII.GetString(image.Bytes));
    }

    /// <summary>A spilled register is a load and a store in a loop; a kernel that spills takes too much at once.</summary>
    [Fact]
    public void Budget_allows_no_spills()
    {
        var spills =
            from entry in KernelBudget.Read()
            from row in entry.Value
            where row.Value.SpillBytes > 0
            select $"{entry.Key} for {row.Key}: {row.Value.SpillBytes} bytes";
        Assert.Empty(spills);
    }

    [Fact]
    public void Budget_names_no_file_that_is_gone() =>
        Assert.All(KernelBudget.Read().Keys,
            entry => Assert.Contains(KernelSource.Names, name => entry.StartsWith(name + "_", StringComparison.Ordinal)));

    [Fact]
    public void Every_file_begins_with_the_header_of_its_kind()
    {
        Assert.NotEmpty(KernelSource.Names);
        foreach (string name in KernelSource.Names)
        {
            string[] header = [.. KernelSource.Embedded(name).Text.Split('\n')
                .TakeWhile(line => line.StartsWith("//", StringComparison.Ordinal))];
            string[] parts = ["// mapping ", "// shared ", "// numerics ", "// limits ", "// reference "];
            var found = header.Select(line => Array.FindIndex(parts, part => line.StartsWith(part, StringComparison.Ordinal)))
                .Where(index => index >= 0);
            Assert.True(found.SequenceEqual(Enumerable.Range(0, parts.Length)),
                $"{name}.cu: the header must have {string.Join(',', parts)} in this order");
        }
    }

    [Fact]
    public void No_file_includes_what_NVRTC_does_not_carry()
    {
        foreach (string name in KernelSource.Names)
        {
            var source = KernelSource.Embedded(name);
            string[] allowed = [.. source.Headers.Select(header => $"\"{header.Name}\"")];
            foreach (string text in source.Headers.Select(header => header.Text).Append(source.Text))
                Assert.All(Include().Matches(text), match => Assert.Contains(match.Groups[1].Value, allowed));
        }
    }

    static void HoldsToBudget(string name, int architecture)
    {
        var target = new KernelTarget(architecture, IsPtx: false);
        var image = new KernelCompiler().Compile(KernelSource.Embedded(name), target);
        Assert.Equal(0x7F, image.Bytes[0]);
        var used = KernelResources.Parse(image.Log).ToList();
        Assert.NotEmpty(used);
        Assert.Equal(used.Select(entry => entry.EntryPoint).Order(StringComparer.Ordinal),
            image.Signatures.Select(signature => signature.EntryPoint).Order(StringComparer.Ordinal));
        Assert.All(image.Signatures, signature => Assert.DoesNotContain(KernelParameter.Other, signature.Parameters));
        if (UpdatesBudget) Update(used, target.Name);
        var budget = KernelBudget.Read();
        var gone = budget.Keys.Where(entry => OwnerOf(entry) == name).Except(used.Select(entry => entry.EntryPoint));
        Assert.True(!gone.Any(), $"kernels/budget.json names what {name}.cu does not have: {string.Join(", ", gone)}");
        foreach (var entry in used)
        {
            Assert.StartsWith(name + "_", entry.EntryPoint);
            Assert.True(budget.TryGetValue(entry.EntryPoint, out var rows) && rows.ContainsKey(target.Name),
                $"{entry.EntryPoint} for {target} is not in kernels/budget.json (uses {entry.Registers} registers)");
            Assert.Empty(budget[entry.EntryPoint][target.Name].Excess(entry)
                .Select(excess => $"{entry.EntryPoint} for {target}: {excess}"));
        }
    }

    /// <summary>The file of an entry point: of two names that it begins with, the longer one.</summary>
    static string? OwnerOf(string entry) =>
        KernelSource.Names.Where(name => entry.StartsWith(name + "_", StringComparison.Ordinal)).MaxBy(name => name.Length);

    /// <summary>The larger figure of the compilers that measured; a file that is to shrink is deleted first.</summary>
    static void Update(List<KernelResources> used, string target)
    {
        var budget = KernelBudget.Read();
        foreach (var entry in used)
        {
            if (!budget.TryGetValue(entry.EntryPoint, out var rows)) budget[entry.EntryPoint] = rows = [];
            var old = rows.GetValueOrDefault(target, new(0, 0, 0));
            rows[target] = new(Math.Max(old.Registers, entry.Registers), Math.Max(old.SpillBytes, entry.SpillBytes),
                Math.Max(old.SharedBytes, entry.SharedBytes));
        }
        KernelBudget.Write(budget);
    }

    [GeneratedRegex(@"#include\s+(\S+)")]
    private static partial Regex Include();
}
