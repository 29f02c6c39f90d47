namespace NativeRetrieval.Architecture.Tests;

/// <summary>The rules, applied to this checkout.</summary>
public class ArchitectureTests
{
    [Fact]
    public void References_follow_the_allowed_arrows_only() => Holds(SourceTree.Projects, ReferenceRules.ForbiddenArrows);

    [Fact]
    public void Internals_are_seen_by_tests_and_by_friends_with_a_reason_only()
    {
        var tests = SourceTree.Projects.Where(project => project.IsUnder("tests"))
            .Select(project => ReferenceRules.NameOf(project.Path)).ToHashSet();
        Holds(SourceTree.Projects, project => ReferenceRules.ForbiddenFriends(project, tests));
    }

    [Fact]
    public void Only_Core_and_Cuda_name_the_CPU_backend() => Holds(SourceTree.CSharp, SourceRules.NamesTheCpuBackend);

    [Fact]
    public void The_lower_libraries_take_no_packages() => Holds(SourceTree.Projects, ReferenceRules.ForbiddenPackages);

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string solution = SourceTree.Files.Single(file => file.Path == "NativeRetrieval.sln").Text;
        Holds(SourceTree.Projects, project => ReferenceRules.MissingFromSolution(project, solution));
    }

    [Fact]
    public void Every_project_outside_the_solution_is_there() =>
        Assert.Empty(ReferenceRules.OutsideTheSolution.Keys.Except(SourceTree.Projects.Select(file => file.Path)));

    [Fact]
    public void Namespace_is_folder() => Holds(SourceTree.CSharp, SourceRules.NamespaceIsNotFolder);

    [Fact]
    public void Files_are_written_through_DurableFile_only() => Holds(SourceTree.CSharp, SourceRules.WritesPastDurableFile);

    [Fact]
    public void Every_exception_to_durable_writes_is_a_file_that_exists() =>
        Assert.Empty(SourceRules.WritesItself.Keys.Except(SourceTree.CSharp.Select(file => file.Path)));

    [Fact]
    public void Files_are_read_through_SmallFile_and_RegularFile_only() => Holds(SourceTree.CSharp, SourceRules.ReadsPastRegularFile);

    [Fact]
    public void Every_exception_to_bounded_reads_is_a_file_that_exists() =>
        Assert.Empty(SourceRules.ReadsItself.Keys.Except(SourceTree.CSharp.Select(file => file.Path)));

    [Fact]
    public void Only_the_terminal_prints()
    {
        Holds(SourceTree.CSharp, SourceRules.PrintsPastTheTerminal);
        Assert.Contains(SourceTree.CSharp, file => file.Path == SourceRules.TheTerminal);
    }

    [Fact]
    public void Libraries_are_given_randomness_and_time() => Holds(SourceTree.CSharp, SourceRules.AmbientRandomnessOrTime);

    [Fact]
    public void No_source_file_is_too_long() => Holds(SourceTree.CSharp, SourceRules.TooLong);

    [Fact]
    public void Lines_end_by_the_last_column() => Holds(SourceTree.Code, SourceRules.LongLines);

    [Fact]
    public void Prose_ends_by_the_last_column() => Holds(SourceTree.Documents, DocumentRules.LongLines);

    [Fact]
    public void Summaries_begin_with_their_noun() => Holds(SourceTree.CSharp, SourceRules.SummariesWithoutNoun);

    [Fact]
    public void No_forbidden_words() => Holds(SourceTree.Files, SourceRules.ForbiddenWords);

    [Fact]
    public void Links_of_documents_lead_to_something() =>
        Holds(SourceTree.Documents, file => DocumentRules.BrokenLinks(file, SourceTree.Find));

    [Fact]
    public void Code_of_documents_is_that_of_compiled_samples()
    {
        Holds(SourceTree.Documents, file => DocumentRules.CodeOfNoSample(file, Read));

        static string? Read(string path) => SourceTree.CSharp.SingleOrDefault(file => file.Path == path)?.Text;
    }

    static void Holds(IEnumerable<SourceFile> files, Func<SourceFile, IEnumerable<string>> rule)
    {
        var all = files.ToList();
        Assert.NotEmpty(all);
        string violations = string.Join("\n", all.SelectMany(rule));
        Assert.True(violations.Length == 0, violations);
    }
}
