using System.CommandLine;
using System.Globalization;
using NativeRetrieval.Cli.Commands.ModelFolders;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Engine;
using NativeRetrieval.Models;

namespace NativeRetrieval.Cli.Commands.Indexes;

/// <summary><c>index merge SHARDS --to sounds.nrx</c></summary>
static class IndexMergeSubcommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = new Argument<string>("SHARDS") { Description = "Folder that `index --shard` has filled." };
        var to = new Option<DirectoryInfo>("--to")
        {
            Description = "The index: made if absent, otherwise brought up to date. A folder, postgres://… or clickhouse://….",
            HelpName = "sounds.nrx",
            Required = true,
        };
        var model = new Option<DirectoryInfo?>("--model")
        {
            Description = "The model folder, where it has moved since the shards were made.",
            HelpName = "MODEL",
        };
        var allowEmpty = new Option<bool>("--allow-empty")
        {
            Description = "Take out what the index has of a folder of which the shards have nothing. "
                + "Without it that is refused: its disk may not have been mounted.",
        };
        var device = DeviceOption.Create();
        var json = JsonOutput.Option();
        var command = new DocumentedCommand("merge", "Bring one index up to date with the shards that jobs have indexed, as one machine "
            + "would have done it. May be interrupted and run again.")
        {
            Examples = [("nativeretrieval index merge shards --to sounds.nrx", "After the last job")],
        };
        command.Add(folder);
        foreach (Option option in (Option[])[to, model, allowEmpty, .. device.Options, json]) command.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            var shards = ShardFolder.Open(Path.GetFullPath(parsed.GetRequiredValue(folder)));
            var place = IndexPlace.Of(parsed.GetRequiredValue(to));
            var settings = new ShardMerge(shards).Settings();
            using var runsOn = device.Open(parsed, terminal);
            using var index = await place.EnsureAsync(settings, cancellation);
            using var progress = new MergeProgress(terminal);
            using var reader = new TextReader(() => Opened(terminal, parsed.GetValue(model), shards.Path, settings, runsOn));
            var report = await new ShardMerge(shards)
            {
                AllowEmptyFolders = parsed.GetValue(allowEmpty), ReadTexts = reader.Read,
            }.RunAsync(index, progress, cancellation);
            if (parsed.GetValue(json)) WriteJson(terminal, report);
            else Write(terminal, report, place.Name);
            Warn(terminal, report);
            return Skips.Report(terminal, report.Skipped);
        });
        return command;
    }

    /// <summary>The text encoder of the model that the shards were made by.</summary>
    static RetrievalEngine Opened(Terminal terminal, DirectoryInfo? model, string path, Indexing.IndexSettings settings,
        Core.Devices.Device device)
    {
        var choice = new ModelChoice(terminal);
        return choice.Named(model) is { } named ? ModelChoice.OpenNamed(named, path, settings, device, ModelParts.Text)
            : choice.Open(path, settings, device, ModelParts.Text);
    }

    static void Write(Terminal terminal, MergeReport report, string place)
    {
        string described = report.Redescribed > 0
            ? string.Create(CultureInfo.InvariantCulture, $", the text of {report.Redescribed:N0} changed") : "";
        terminal.Message(string.Create(CultureInfo.InvariantCulture,
            $"{place}: {Counted.Of(report.Added, "file")} added from {Counted.Of(report.Shards, "shard")}, "
            + $"{report.Unchanged:N0} unchanged, {report.Moved:N0} moved, {report.Removed:N0} removed{described}"));
    }

    static void Warn(Terminal terminal, MergeReport report)
    {
        if (report.Repaired > 0)
            terminal.Warning($"the index had damaged vectors of {Counted.Of(report.Repaired, "file")}, whose place those of the shards "
                + "took: check the disk");
        if (report.CommitsWereLost)
            terminal.Warning("the index had lost its last changes and was brought up to date with the shards; "
                + "index any other folder it had, too");
        if (report.Others > 0)
            terminal.Warning($"{Counted.Of(report.Others, "file")} of the index {(report.Others == 1 ? "is" : "are")} in no shard; "
                + $"{(report.Others == 1 ? "it stays" : "they stay")} in it");
        if (report.ListingsDiffer)
            terminal.Warning("the jobs did not see the same files, as some came or went meanwhile: nothing was taken out of the index or "
                + "recognised as moved, and the order of rows is not certainly that of one machine; index all shards again for that");
    }

    static void WriteJson(Terminal terminal, MergeReport report) => terminal.WriteJson(json =>
    {
        json.WriteNumber("shards", report.Shards);
        json.WriteNumber("added", report.Added);
        json.WriteNumber("unchanged", report.Unchanged);
        json.WriteNumber("moved", report.Moved);
        json.WriteNumber("removed", report.Removed);
        json.WriteNumber("redescribed", report.Redescribed);
        json.WriteNumber("repaired", report.Repaired);
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
