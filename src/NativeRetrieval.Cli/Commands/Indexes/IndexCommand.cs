using System.CommandLine;
using NativeRetrieval.Cli.Output;

namespace NativeRetrieval.Cli.Commands.Indexes;

/// <summary><c>index PATH… --model MODEL --to sounds.nrx</c>; its subcommands look after an index that exists.</summary>
public static class IndexCommand
{
    /// <summary>Makes the command <c>index</c>.</summary>
    public static Command Create(Terminal terminal)
    {
        var command = new DocumentedCommand("index", "Make an index of sounds, or bring one up to date: "
            + "only what is new or changed is embedded. Each window is heard in its own length.")
        {
            Examples =
            [
                ("nativeretrieval index ~/sounds --model runs/first --to sounds.nrx", "Index a folder; run it again after changes"),
                ("nativeretrieval index interviews --model runs/first --to talks.nrx --window 10 --hop 5",
                    "Long recordings in overlapping windows"),
                ("nativeretrieval index ~/sounds --model runs/first --to postgres://me@host/sounds", "Into PostgreSQL with pgvector"),
                ("nativeretrieval index /sounds --model runs/first --to shards --shard 3/64",
                    "The third of 64 jobs; `index merge` follows the last"),
            ],
        };
        IndexBuild.AddTo(command, terminal);
        command.Add(IndexShardsSubcommand.Create(terminal));
        command.Add(IndexMergeSubcommand.Create(terminal));
        command.Add(IndexStatsSubcommand.Create(terminal));
        command.Add(IndexVerifySubcommand.Create(terminal));
        command.Add(IndexCompactSubcommand.Create(terminal));
        return command;
    }

    /// <summary>The folder that every subcommand takes.</summary>
    internal static Argument<string> Folder() => new("INDEX") { Description = "Index folder, e.g. sounds.nrx." };
}
