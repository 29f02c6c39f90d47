using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using NativeRetrieval.Cli.Output;

namespace NativeRetrieval.Cli;

/// <summary>The library's help text, followed by the command's examples.</summary>
internal sealed class HelpWithExamples(Terminal terminal) : SynchronousCommandLineAction
{
    public override bool Terminating => true;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        Write(parseResult, terminal.Line);
        return ExitCode.Ok;
    }

    public void Write(ParseResult parseResult, Action<string> writeLine)
    {
        var text = new StringWriter { NewLine = "\n" };
        parseResult.InvocationConfiguration.Output = text;
        // The parser lets arguments of a command stand before its subcommand, which has no use for them.
        Argument[] inherited = [.. Above(parseResult.CommandResult).SelectMany(command => command.Arguments)
            .Where(argument => !argument.Hidden)];
        foreach (var argument in inherited) argument.Hidden = true;
        new HelpAction { MaxWidth = terminal.Width }.Invoke(parseResult);
        foreach (var argument in inherited) argument.Hidden = false;
        foreach (string line in text.ToString().Replace("\r", "").TrimEnd('\n').Split('\n')) writeLine(line.TrimEnd());
        if (parseResult.CommandResult.Command is not DocumentedCommand { Examples.Count: > 0 } command) return;

        writeLine("");
        writeLine("Examples:");
        foreach (var (commandLine, meaning) in command.Examples)
        {
            writeLine($"  # {meaning}");
            writeLine($"  {commandLine}");
        }
    }

    static IEnumerable<Command> Above(CommandResult result)
    {
        for (var above = result.Parent as CommandResult; above is not null; above = above.Parent as CommandResult)
            yield return above.Command;
    }
}
