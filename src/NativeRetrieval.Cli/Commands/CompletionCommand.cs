using System.CommandLine;
using NativeRetrieval.Cli.Output;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>completion</c>: a script that completes commands and options in a shell.</summary>
public static class CompletionCommand
{
    /// <summary>Makes the command <c>completion</c>.</summary>
    public static Command Create(Terminal terminal)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new DocumentedCommand("completion", "Print a script that completes commands and options in a shell.")
        {
            Examples =
            [
                ("source <(nativeretrieval completion bash)", "bash, in ~/.bashrc"),
                ("nativeretrieval completion zsh > \"${fpath[1]}/_nativeretrieval\"", "zsh"),
                ("nativeretrieval completion fish > ~/.config/fish/completions/nativeretrieval.fish", "fish"),
            ],
        };
        command.Add(shell);
        command.SetAction(parsed =>
        {
            terminal.Lines(CompletionScript.For(parsed.GetRequiredValue(shell), Application.Root(terminal)));
            return ExitCode.Ok;
        });
        return command;
    }
}
