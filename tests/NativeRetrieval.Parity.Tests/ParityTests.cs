using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Parity.Tests;

/// <summary>Every case that `doctor --parity` prints, on the committed golden files, else on those beside the checkout.</summary>
public sealed class ParityTests
{
    public static TheoryData<string> Cases => [.. ParityCatalogue.All.Select(item => item.Name)];

    [Theory, MemberData(nameof(Cases))]
    public void The_reference_s_values_are_met(string name)
    {
        var item = ParityCatalogue.All.Single(one => one.Name == name);
        var folder = new ParityFolder(Fixtures.Small(""));
        if (item.Files.Any(file => folder.Find(file) is null))
        {
            if (Fixtures.Shared("fixtures") is not { } shared || item.Files.Any(file => new ParityFolder(shared).Find(file) is null))
            {
                Assert.Skip(Fixtures.WhyAbsent(string.Join(", ", item.Files)));
                return;
            }
            folder = new ParityFolder(shared);
        }
        var result = item.Run(folder);
        Assert.True(result.Status == ParityStatus.Ok, $"{name}: error {result.Error:E2}, tolerance {item.Tolerance:E1}; {result.Detail}");
    }

    [Fact]
    public void Names_are_unique() =>
        Assert.Equal(ParityCatalogue.All.Count, ParityCatalogue.All.Select(item => item.Name).Distinct().Count());

    [Fact]
    public void A_case_without_its_files_is_absent_and_names_the_first()
    {
        using var folder = new TemporaryFolder();
        Assert.All(ParityCatalogue.All, item =>
        {
            var result = item.Run(new ParityFolder(folder.FullPath));
            Assert.Equal(ParityStatus.Absent, result.Status);
            Assert.Null(result.Error);
            Assert.Contains(item.Files, file => result.Detail.Contains(file, StringComparison.Ordinal));
        });
    }

    [Fact]
    public void A_damaged_file_fails_its_cases_by_name()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["adam.safetensors"], "no tensors");
        var result = ParityCatalogue.All.First(item => item.Files.Contains("adam.safetensors")).Run(new ParityFolder(folder.FullPath));
        Assert.Equal(ParityStatus.Failed, result.Status);
        Assert.Contains("adam.safetensors", result.Detail);
    }

    [Fact]
    public void A_folder_that_is_none_is_refused()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("golden files", Assert.Throws<FileReadException>(() => new ParityFolder(folder["nothing"])).Message);
    }

    [Fact]
    public void A_case_that_compares_nothing_fails()
    {
        var result = new ParityCase("nothing", 1, [], _ => new WorstError()).Run(new ParityFolder(Fixtures.Small("")));
        Assert.Equal((ParityStatus.Failed, null), (result.Status, result.Error));
    }

    [Fact]
    public void The_worst_error_is_kept_and_a_value_that_is_no_number_passes_nothing()
    {
        var worst = new WorstError();
        worst.AddRelative([3, 4], [3, 4.5], "a");
        worst.AddRelative([1], [1], "b");
        Assert.Equal((0.1, "a"), (worst.Value, worst.Where));
        worst.AddRelative([1], [double.NaN], "c");
        worst.Add(7, "d");
        Assert.Equal((double.NaN, "c"), (worst.Value, worst.Where));
        Assert.Equal(ParityStatus.Failed, new ParityCase("NaN", 1, [], _ => worst).Run(new ParityFolder(Fixtures.Small(""))).Status);
        var count = new WorstError();
        count.AddRelative([1], [1, 2], "e");
        Assert.Equal(double.PositiveInfinity, count.Value);
    }
}
