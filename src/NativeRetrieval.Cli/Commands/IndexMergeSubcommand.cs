using System.CommandLine;
using System.Globalization;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Engine;
using NativeRetrieval.Models;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>index merge SHARDS --to sounds.nrx</c></summary>
static class IndexMergeSubcommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = new Argument<string>("SHARDS") { Description = "Folder that `index --shard` has filled." };
        var to = new Option<DirectoryInfo>("--to")
        {
            Description = "The index: made if absent, otherwise what it lacks is added. A folder, postgres://… or clickhouse://….",
            HelpName = "sounds.nrx",
            Required = true,
        };
        var model = new Option<DirectoryInfo?>("--model")
        {
            Description = "The model folder, where it has moved since the shards were made.",
            HelpName = "MODEL",
        };
        var json = JsonOutput.Option();
        var command = new DocumentedCommand("merge", "Bring the shards that jobs have indexed into one index, as one machine would have "
            + "made it. May be interrupted and run again.")
        {
            Examples = [("nativeretrieval index merge shards --to sounds.nrx", "After the last job")],
        };
        command.Add(folder);
        foreach (Option option in (Option[])[to, model, json]) command.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            var shards = ShardFolder.Open(Path.GetFullPath(parsed.GetRequiredValue(folder)));
            var place = IndexPlace.Of(parsed.GetRequiredValue(to));
            var settings = new ShardMerge(shards).Settings();
            using var index = await place.EnsureAsync(settings, cancellation);
            using var progress = new MergeProgress(terminal);
            using var reader = new TextReader(() => Opened(terminal, parsed.GetValue(model), shards.Path, settings));
            var report = await new ShardMerge(shards)
            {
                ReadTexts = reader.Read,
            }.RunAsync(index, progress, cancellation);
            if (parsed.GetValue(json)) WriteJson(terminal, report);
            else terminal.Message(string.Create(CultureInfo.InvariantCulture, $"{place.Name}: {report.Added:N0} files added from "
                + $"{report.Shards:N0} shards, {report.Unchanged:N0} were there"));
            if (report.Others > 0)
                terminal.Warning($"{report.Others:N0} files of the index are in no shard; they stay in it");
            if (report.ListingsDiffer)
                terminal.Warning("the jobs did not see the same files, as some came or went meanwhile: the order of rows is not certainly "
                    + "that of one machine; index all shards again for that");
            return Skips.Report(terminal, report.Skipped);
        });
        return command;
    }

    /// <summary>The text encoder of the model that the shards were made by.</summary>
    static RetrievalEngine Opened(Terminal terminal, DirectoryInfo? model, string path, Indexing.IndexSettings settings)
    {
        var choice = new ModelChoice(terminal);
        var device = Core.Devices.CpuDevice.Shared;
        return choice.Named(model) is { } named ? ModelChoice.OpenNamed(named, path, settings, device, ModelParts.Text)
            : choice.Open(path, settings, device, ModelParts.Text);
    }

    static void WriteJson(Terminal terminal, MergeReport report) => terminal.WriteJson(json =>
    {
        json.WriteNumber("shards", report.Shards);
        json.WriteNumber("added", report.Added);
        json.WriteNumber("unchanged", report.Unchanged);
        json.WriteNumber("others", report.Others);
        json.WriteBoolean("listings_differ", report.ListingsDiffer);
        json.WriteStartArray("skipped");
        foreach (string message in report.Skipped) json.WriteStringValue(message);
        json.WriteEndArray();
    });

    sealed class MergeProgress(Terminal terminal) : IProgress<(int Done, int Total)>, IDisposable
    {
        Output.Progress? _line;

        public void Report((int Done, int Total) value) =>
            (_line ??= new Output.Progress(terminal, "merging", value.Total, "files")).Report(value.Done, "");

        public void Dispose() => _line?.Dispose();
    }
}
