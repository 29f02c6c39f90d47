using NativeRetrieval.Cli.Output;

namespace NativeRetrieval.Cli.Commands;

/// <summary>Lists files that a command had to leave out.</summary>
internal static class Skips
{
    /// <returns><see cref="ExitCode.Partial"/> when there are any.</returns>
    public static int Report(Terminal terminal, IReadOnlyList<string> skipped)
    {
        if (skipped.Count == 0) return ExitCode.Ok;
        terminal.Warning($"{skipped.Count} {(skipped.Count == 1 ? "file was" : "files were")} skipped:");
        foreach (string message in skipped) terminal.Item(message);
        return ExitCode.Partial;
    }
}
