using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;
using NativeRetrieval.Cli.Commands;
using NativeRetrieval.Cli.Commands.Evaluations;
using NativeRetrieval.Cli.Commands.Indexes;
using NativeRetrieval.Cli.Commands.ModelFolders;
using NativeRetrieval.Cli.Commands.Searches;
using NativeRetrieval.Cli.Commands.TrainingRuns;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Cuda.Errors;

namespace NativeRetrieval.Cli;

/// <summary>
/// The command line: parses, runs one command, turns what it throws into a message and an exit code.
/// </summary>
public static class Application
{
    /// <summary>Name of the program.</summary>
    public const string Name = "nativeretrieval";

    const string Interrupted = "interrupted";

    /// <summary>Every command, in the order in which help lists them. A new one is a file in Commands and a line here.</summary>
    static Command[] Commands(Terminal terminal) =>
    [
        TrainCommand.Create(terminal),
        EvaluateCommand.Create(terminal),
        IndexCommand.Create(terminal),
        SearchCommand.Create(terminal),
        SimilarCommand.Create(terminal),
        EmbedCommand.Create(terminal),
        ClassifyCommand.Create(terminal),
        ServeCommand.Create(terminal),
        ConvertCommand.Create(terminal),
        ModelsCommand.Create(terminal),
        DemoCommand.Create(terminal),
        DoctorCommand.Create(terminal),
        CompletionCommand.Create(terminal),
    ];

    /// <summary>Runs as a process does: on its standard streams, stopped cleanly by the first Ctrl-C or SIGTERM.</summary>
    /// <param name="root">Maker of the command that the process is.</param>
    public static async Task<int> RunProcessAsync(string[] args, Func<Terminal, Command> root)
    {
        var terminal = Terminal.OfProcess();
        using var stop = new CancellationTokenSource();
        // The first signal asks for a clean stop; a second one ends the process at once, as without a handler.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return await RunAsync(args, terminal, root(terminal), stop.Token).ConfigureAwait(false);

        void Stop(PosixSignalContext signal)
        {
            if (stop.IsCancellationRequested) return;
            signal.Cancel = true;
            // What cannot be stopped, such as a read that waits for a pipe, is left behind: what is committed survives any end.
            new Thread(() =>
            {
                Thread.Sleep(terminal.Patience);
                terminal.Message(Interrupted);
                Environment.Exit(ExitCode.Interrupted);
            }) { IsBackground = true }.Start();
            stop.Cancel();
        }
    }

    /// <summary>Runs one command line on a terminal.</summary>
    public static Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken) =>
        RunAsync(args, terminal, Root(terminal), cancellationToken);

    /// <param name="root">The command that the program is.</param>
    internal static async Task<int> RunAsync(string[] args, Terminal terminal, Command root, CancellationToken cancellationToken)
    {
        AddCommonOptions(root, terminal);
        // Without response files a query may begin with @.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        terminal.Quiet = parsed.GetValue(Quiet);
        terminal.Json = JsonOutput.IsAskedFor(parsed);
        if (parsed.Action is not (HelpWithExamples or VersionAction))
        {
            var unknown = UnknownOptions.In(args, parsed);
            if (parsed.Errors.Count + unknown.Count > 0) return UsageError.Report(parsed, unknown, terminal);
        }

        var invocation = new InvocationConfiguration
        {
            // Every action here prints through the terminal.
            Output = TextWriter.Null,
            Error = TextWriter.Null,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        try
        {
            int code = await parsed.InvokeAsync(invocation, cancellationToken).ConfigureAwait(false);
            terminal.Flush();
            return code;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            terminal.FlushQuietly();
            terminal.Message(Interrupted);
            terminal.WriteJsonError(ExitCode.Interrupted, Interrupted);
            return ExitCode.Interrupted;
        }
        catch (Exception error)
        {
            var (message, details) = Explain(error);
            terminal.FlushQuietly();
            terminal.Failure(message, details);
            terminal.WriteJsonError(ExitCode.Of(error), details is null ? message : $"{message}\n{details}");
            return ExitCode.Of(error);
        }
    }

    /// <summary>The message of an error, and the lines of others' that it carries.</summary>
    static (string Message, string? Details) Explain(Exception error) => error switch
    {
        KernelCompilationException kernel => ($"{kernel.Kernel} does not compile for {kernel.Architecture}:", kernel.Log),
        _ when ExitCode.IsExpected(error) => (error.Message, null),
        _ => ("internal error, please report it:", error.ToString()),
    };

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
        AddCommonOptions(root, terminal);
        return root;
    }

    /// <summary>Every command under one name.</summary>
    public static Command Root(Terminal terminal) => Root(terminal, Commands(terminal));

    static void AddCommonOptions(Command root, Terminal terminal)
    {
        if (root.Options.Contains(Quiet)) return;
        OptionValues.Check(root);
        root.Add(Quiet);
        root.Add(new HelpOption("--help", "-h")
        {
            Action = new HelpWithExamples(terminal),
            Description = "Show what a command does, its options and examples.",
        });
        root.Add(new VersionOption("--version") { Action = new VersionAction(terminal, root.Name), Description = "Show the version." });
    }

    sealed class VersionAction(Terminal terminal, string name) : SynchronousCommandLineAction
    {
        public override bool Terminating => true;

        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            terminal.Line($"{name} {typeof(Application).Assembly.GetName().Version?.ToString(3)}");
            return ExitCode.Ok;
        }
    }
}
