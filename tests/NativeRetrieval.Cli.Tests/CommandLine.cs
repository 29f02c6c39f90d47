using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

/// <summary>Runs the program and shows what it left: exit code, stdout, stderr.</summary>
internal sealed record CommandLine(int ExitCode, string Out, string Error)
{
    /// <summary>In this process.</summary>
    public static async Task<CommandLine> Run(params string[] args)
    {
        var (output, error, terminal) = Captured();
        int code = await Application.RunAsync(args, terminal, TestContext.Current.CancellationToken);
        return new(code, output.ToString(), error.ToString());
    }

    /// <summary>In this process, with a cache of the test's own.</summary>
    public static async Task<CommandLine> RunWithCache(string cache, params string[] args)
    {
        StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        int code = await Run(new Terminal(output, error, TimeProvider.System)
        {
            Variable = name => name == "XDG_CACHE_HOME" ? cache : null,
        }, args);
        return new(code, output.ToString(), error.ToString());
    }

    /// <summary>In this process, with commands of the test's own.</summary>
    public static async Task<CommandLine> Run(Func<Terminal, Command> command, CancellationToken cancellationToken, params string[] args)
    {
        var (output, error, terminal) = Captured();
        int code = await Application.RunAsync(args, terminal, Application.Root(terminal, [command(terminal)]), cancellationToken);
        return new(code, output.ToString(), error.ToString());
    }

    /// <summary>In this process, on a terminal of the test's own.</summary>
    public static Task<int> Run(Terminal terminal, params string[] args) =>
        Application.RunAsync(args, terminal, TestContext.Current.CancellationToken);

    /// <summary>The real program, as a process of its own.</summary>
    public static CommandLine Start(params string[] args) => Start([], args);

    /// <summary>The real program, with these environment variables beside the inherited ones.</summary>
    public static CommandLine Start(Dictionary<string, string> environment, params string[] args)
    {
        var run = ProgramRun.Of("NativeRetrieval.Cli.dll", environment, args);
        return new(run.ExitCode, run.Out, run.Error);
    }

    /// <summary>An environment without settings, and a cache in which nothing is installed.</summary>
    static string? Variable(string name) => name == "XDG_CACHE_HOME" ? Path.Combine(Path.GetTempPath(), "no-such-cache") : null;

    static (StringWriter Out, StringWriter Error, Terminal Terminal) Captured()
    {
        StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        return (output, error, new Terminal(output, error, TimeProvider.System) { Variable = Variable });
    }
}
