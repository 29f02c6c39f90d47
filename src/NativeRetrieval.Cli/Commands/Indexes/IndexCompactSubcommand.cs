using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Cli.Commands.Indexes;

/// <summary><c>index compact</c>.</summary>
static class IndexCompactSubcommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = IndexCommand.Folder();
        var json = JsonOutput.Option();
        var command = new DocumentedCommand("compact", "Rewrite an index without what was deleted. "
            + "Takes as much free space as the live vectors.")
        {
            Examples = [("nativeretrieval index compact sounds.nrx", "After many files were changed or deleted")],
        };
        command.Add(folder);
        command.Add(json);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var index = LocalAudioIndex.Open(IndexPlace.FolderOf(parsed.GetRequiredValue(folder), "index compact"),
                IndexAccess.Write);
            long before = index.Stats().SizeBytes;
            await index.CompactAsync(cancellationToken).ConfigureAwait(false);
            long after = index.Stats().SizeBytes;
            if (parsed.GetValue(json))
                terminal.WriteJson(document =>
                {
                    document.WriteNumber("size_bytes_before", before);
                    document.WriteNumber("size_bytes", after);
                });
            else terminal.Line($"{Sizes.Text(before)} -> {Sizes.Text(after)}");
            return ExitCode.Ok;
        });
        return command;
    }
}
