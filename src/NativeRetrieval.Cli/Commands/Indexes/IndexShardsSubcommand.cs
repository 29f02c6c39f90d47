using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Engine;

namespace NativeRetrieval.Cli.Commands.Indexes;

/// <summary><c>index shards SHARDS</c></summary>
static class IndexShardsSubcommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = new Argument<string>("SHARDS") { Description = "Folder that `index --shard` fills." };
        var missing = new Option<bool>("--missing") { Description = "Print the numbers of those that are not complete, as 3,7,12." };
        var json = JsonOutput.Option();
        var command = new DocumentedCommand("shards", "Show which shards are complete; exit code 3 where one is not.")
        {
            Examples =
            [
                ("nativeretrieval index shards shards", "How far the jobs are"),
                ("sbatch --array=$(nativeretrieval index shards shards --missing) index.sh", "Run again those that failed, with Slurm"),
            ],
        };
        command.Add(folder);
        command.Add(missing);
        command.Add(json);
        command.SetAction(parsed =>
        {
            var shards = ShardFolder.Open(Path.GetFullPath(parsed.GetRequiredValue(folder)));
            if (parsed.GetValue(json)) WriteJson(terminal, shards);
            else if (parsed.GetValue(missing)) terminal.Line(string.Join(',', shards.Missing));
            else
            {
                var table = new Table(">shard", "state");
                foreach (var shard in shards.Shards) table.Add(shard.Shard.ToString(), shard.State);
                table.Write(terminal);
            }
            return shards.Missing.Count == 0 ? ExitCode.Ok : ExitCode.Partial;
        });
        return command;
    }

    static void WriteJson(Terminal terminal, ShardFolder shards) => terminal.WriteJson(json =>
    {
        json.WriteNumber("of", shards.Shards.Count);
        json.WriteStartArray("missing");
        foreach (int number in shards.Missing) json.WriteNumberValue(number);
        json.WriteEndArray();
        json.WriteStartArray("shards");
        foreach (var shard in shards.Shards)
        {
            json.WriteStartObject();
            json.WriteNumber("shard", shard.Shard.Number);
            json.WriteString("state", shard.State);
            if (shard.Manifest is { } manifest) json.WriteNumber("files", manifest.Positions.Count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });
}
