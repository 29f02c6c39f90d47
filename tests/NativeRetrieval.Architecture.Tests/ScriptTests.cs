using System.ComponentModel;
using System.Diagnostics;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Architecture.Tests;

/// <summary>Scripts that run where no test does, such as on a lent GPU, at least parse.</summary>
public class ScriptTests
{
    [Fact]
    public void Shell_scripts_parse() => Parse(".sh", "bash", "-n");

    [Fact]
    public void Python_scripts_parse() =>
        Parse(".py", "python3", "-c", "import ast, sys; ast.parse(open(sys.argv[1], encoding='utf-8').read(), sys.argv[1])");

    static void Parse(string extension, string program, params string[] arguments)
    {
        var scripts = SourceTree.Files.Where(file => file.Path.EndsWith(extension, StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(scripts);
        foreach (var script in scripts)
        {
            var start = new ProcessStartInfo(program, [.. arguments, script.Path]) { RedirectStandardError = true,
                WorkingDirectory = Fixtures.RepositoryRoot };
            try
            {
                using var process = Process.Start(start)!;
                string errors = process.StandardError.ReadToEnd();
                process.WaitForExit();
                Assert.True(process.ExitCode == 0, $"{script.Path}: {errors}");
            }
            catch (Win32Exception)
            {
                Assert.Skip($"{program} is not on this machine");
            }
        }
    }
}
