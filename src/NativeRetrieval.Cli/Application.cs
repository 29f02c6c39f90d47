using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using NativeRetrieval.Cli.Commands;
using NativeRetrieval.Cli.Output;

namespace NativeRetrieval.Cli;

/// <summary>
/// The command line: parses, runs one command, turns what it throws into a message and an exit code.
/// </summary>
public static class Application
{
    public const string Name = "nativeretrieval";

    /// <summary>Every command, in the order in which help lists them. A new one is a file in Commands and a line here.</summary>
    static Command[] Commands(Terminal terminal) =>
    [
        TrainCommand.Create(terminal),
        EvaluateCommand.Create(terminal),
        IndexCommand.Create(terminal),
        SearchCommand.Create(terminal),
        SimilarCommand.Create(terminal),
        DemoCommand.Create(terminal),
        DoctorCommand.Create(terminal),
        CompletionCommand.Create(terminal),
    ];

    public static Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken) =>
        RunAsync(args, terminal, Commands(terminal), cancellationToken);

    internal static async Task<int> RunAsync(string[] args, Terminal terminal, IEnumerable<Command> commands, CancellationToken cancellationToken)
    {
        var root = Root(terminal, commands);
        // Without response files a query may begin with @.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        terminal.Quiet = parsed.GetValue(Quiet);
        if (parsed.Action is not (HelpWithExamples or VersionAction) && parsed.Errors.Count > 0) return UsageError.Report(parsed, terminal);

        var invocation = new InvocationConfiguration
        {
            Output = terminal.Out,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        try
        {
            int code = await parsed.InvokeAsync(invocation, cancellationToken).ConfigureAwait(false);
            terminal.Out.Flush();
            return code;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            terminal.FlushQuietly();
            terminal.Message("interrupted");
            return ExitCode.Interrupted;
        }
        catch (Exception error)
        {
            terminal.FlushQuietly();
            terminal.Failure(ExitCode.IsExpected(error) ? error.Message : $"internal error, please report it:\n{error}");
            return ExitCode.Of(error);
        }
    }

    internal static Option<bool> Quiet { get; } = new("--quiet", "-q")
    {
        Description = "Print no progress and no messages, only results and errors.",
        Recursive = true,
    };

    /// <summary>The whole tree, for the parser and for completion scripts.</summary>
    internal static Command Root(Terminal terminal, IEnumerable<Command> commands)
    {
        var root = new DocumentedCommand(Name, "Language-based audio retrieval: type a sentence, get the sounds.")
        {
            Examples =
            [
                ("nativeretrieval doctor", "See what this machine offers"),
                ("nativeretrieval index stats sounds.nrx", "See what an index holds"),
            ],
        };
        foreach (var command in commands) root.Add(command);
        root.Add(Quiet);
        root.Add(new HelpOption("--help", "-h") { Action = new HelpWithExamples(terminal), Description = "Show what a command does, its options and examples." });
        root.Add(new VersionOption("--version") { Action = new VersionAction(terminal), Description = "Show the version." });
        return root;
    }

    internal static Command Root(Terminal terminal) => Root(terminal, Commands(terminal));

    sealed class VersionAction(Terminal terminal) : SynchronousCommandLineAction
    {
        public override bool Terminating => true;

        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            terminal.Out.WriteLine($"{Name} {typeof(Application).Assembly.GetName().Version?.ToString(3)}");
            return ExitCode.Ok;
        }
    }
}
