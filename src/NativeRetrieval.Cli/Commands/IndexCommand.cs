using System.CommandLine;
using NativeRetrieval.Cli.Output;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>index</c>: its subcommands look after an index that exists.</summary>
public static class IndexCommand
{
    public static Command Create(Terminal terminal) => new DocumentedCommand("index", "Look after an index of sounds.")
    {
        IndexStatsSubcommand.Create(terminal),
        IndexVerifySubcommand.Create(terminal),
        IndexCompactSubcommand.Create(terminal),
    };

    /// <summary>The folder that every subcommand takes.</summary>
    internal static Argument<string> Folder() => new("INDEX") { Description = "Index folder, e.g. sounds.nrx." };
}
