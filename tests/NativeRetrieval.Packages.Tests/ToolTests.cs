using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Packages.Tests;

/// <summary>The tool as a user installs it from the feed.</summary>
public sealed class ToolTests
{
    readonly Workshop _workshop;

    public ToolTests(Workshop workshop)
    {
        Package.Require();
        _workshop = workshop;
    }

    [Fact]
    public void The_commands_of_the_readme_install_it()
    {
        const string Install = "dotnet tool install --global --source artifacts/packages nativeretrieval";
        string readme = File.ReadAllText(Path.Combine(Fixtures.RepositoryRoot, "README.md"));
        Assert.Contains("\ndotnet pack -c Release src/NativeRetrieval.Cli -o artifacts/packages\n" + Install + "\n", readme);
        string[] words = Install.Split(' ');
        var user = _workshop.NewUser("user");
        Shell.Run(Fixtures.RepositoryRoot, user, words[0], words[1..]).Succeeds();
        string program = Path.Combine(user["DOTNET_CLI_HOME"]!, ".dotnet", "tools", "nativeretrieval");
        Assert.Equal($"nativeretrieval {Package.Version}\n", Shell.Run(_workshop.FullPath, user, program, "--version").Succeeds());
    }

    [Fact]
    public void It_goes_into_a_folder_and_trains_indexes_and_searches_there()
    {
        string index = _workshop.Index();
        string hits = _workshop.Run(_workshop.Tool(), "search", "a siren wails", "--index", index, "--top", "3").Succeeds();
        Assert.Equal(4, hits.TrimEnd().Split('\n').Length);
    }
}
