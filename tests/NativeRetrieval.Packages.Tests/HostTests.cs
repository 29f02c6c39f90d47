using System.Text.Json;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Packages.Tests;

/// <summary>A host of the packages alone, outside the solution: built from the feed and run.</summary>
public sealed class HostTests
{
    const string Sentence = "a siren wails";

    static readonly string _project = Path.Combine(Fixtures.RepositoryRoot, "src", "samples", "PackagedHost");

    readonly Workshop _workshop;

    public HostTests(Workshop workshop)
    {
        Package.Require();
        _workshop = workshop;
    }

    [Fact]
    public void It_has_under_sixty_lines_and_no_project_of_this_repository()
    {
        Assert.InRange(File.ReadAllLines(Path.Combine(_project, "Program.cs")).Length, 1, 59);
        Assert.DoesNotContain("ProjectReference", File.ReadAllText(Path.Combine(_project, "PackagedHost.csproj")));
    }

    [Fact]
    public void It_builds_without_warnings_and_searches_in_process_and_over_http()
    {
        // Packages of an earlier build have the same version: a folder of their own keeps those out.
        string built = Path.Combine(_workshop.FullPath, "host");
        Shell.Run(_workshop.FullPath, _workshop.NewUser("developer"), "dotnet", "build", _project, "-c", "Release",
            "--artifacts-path", built, "-nologo", "-v", "q", "-warnaserror").Succeeds();
        _workshop.Index();
        string program = Path.Combine(built, "bin", "PackagedHost", "release", "PackagedHost");
        string[] lines = _workshop.Run(program, "model", "sounds/audio", "host.nrx", Sentence).Succeeds().TrimEnd().Split('\n');
        Assert.Equal(11, lines.Length);
        var best = JsonDocument.Parse(lines[^1]).RootElement.GetProperty("hits")[0];
        Assert.Equal(Path.Combine(_workshop.FullPath, "sounds/audio", best.GetProperty("name").GetString()!), lines[0].Split(' ')[1]);
    }
}
