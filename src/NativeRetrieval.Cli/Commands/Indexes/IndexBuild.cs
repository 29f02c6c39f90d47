using System.CommandLine;
using System.Globalization;
using System.Runtime;
using System.Text.Json;
using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Cli.Commands.ModelFolders;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;

namespace NativeRetrieval.Cli.Commands.Indexes;

/// <summary><c>index PATH… --model MODEL --to sounds.nrx</c></summary>
internal static class IndexBuild
{
    /// <summary>The least bytes for which a collection is worth its time.</summary>
    const long WorthReturning = 8 << 20;

    public static void AddTo(Command command, Terminal terminal)
    {
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Sound files, and folders to search for them.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var model = new Option<DirectoryInfo?>("--model")
        {
            Description = $"Model folder, or name of an installed model; default: {ModelChoice.Variable}, else the model that the "
                + "index was made by, else the installed one.",
            HelpName = "MODEL",
        };
        var yes = new Option<bool>("--yes") { Description = "Fetch the default model without a question where none is installed." };
        var to = new Option<DirectoryInfo?>("--to")
        {
            Description = "The index: made if absent, otherwise brought up to date. A folder, postgres://… or clickhouse://….",
            HelpName = "sounds.nrx",
        };
        var windows = new WindowOptions();
        var allowEmpty = new Option<bool>("--allow-empty")
        {
            Description = "Take out what the index has of a folder that is now empty or gone. "
                + "Without it that is refused: its disk may not be mounted.",
        };
        var details = new DetailsOptions();
        var watch = new Option<bool>("--watch")
        {
            Description = "Go on, and bring the index up to date whenever something below the folders, or a table, changes; Ctrl-C ends "
                + "it.",
        };
        var shard = new Option<string?>("--shard")
        {
            Description = "Index the share I of N of the sounds, decided by their content, into a folder of shards; for jobs beside each "
                + "other. `index shards` lists them, `index merge` makes one index of them.",
            HelpName = "I/N",
        };
        var device = DeviceOption.Create();
        var json = JsonOutput.Option();
        command.Add(paths);
        foreach (Option option in (Option[])[model, yes, to, windows.Window, windows.Hop, allowEmpty, .. details.All, watch, shard,
            .. device.Options,
            json])
            command.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetValue(paths) is not { Length: > 0 })
                result.AddError("name the sound files or folders to index, or a subcommand: shards, merge, stats, verify, compact");
            else if (result.GetValue(to) is null)
                result.AddError("say where the index is by --to");
            else if (result.GetValue(shard) is not null && result.GetValue(watch))
                result.AddError("--shard is one job of several, and --watch never ends; give one of them");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            // Nobody waits for an answer: garbage is collected at once instead of beside the work, and takes less memory meanwhile.
            GCSettings.LatencyMode = GCLatencyMode.Batch;
            var share = parsed.GetValue(shard) is { } text ? Shard.Parse(text) : null;
            var target = parsed.GetValue(to)!;
            var place = share is null ? IndexPlace.Of(target) : IndexPlace.Of(Path.Combine(
                Path.GetFullPath(IndexPlace.FolderOf(target.ToString(), "index --shard")), share.Name));
            var choice = new ModelChoice(terminal);
            string? named = choice.Named(parsed.GetValue(model));
            var made = named is null ? await place.SettingsAsync(cancellation) : null;
            if (made is null) named ??= await choice.DefaultOrFetchAsync(parsed.GetValue(yes), cancellation);
            using var runsOn = device.Open(parsed, terminal);
            using var engine = made is null ? RetrievalEngine.Open(named!, runsOn, ModelParts.Audio)
                : choice.Open(place.Name, made, runsOn, ModelParts.Audio);
            if (Padding(engine.Model.Config) is { } note) terminal.Message(note);
            var tables = details.Of(parsed);
            using var changes = parsed.GetValue(watch) ? new FolderChanges([.. parsed.GetValue(paths)!, .. tables.Files], terminal.Time)
                : null;
            var describer = tables.Current();
            int code = await OnceAsync();
            while (changes is not null)
            {
                terminal.Flush();
                terminal.Message("watching for changes; Ctrl-C ends it");
                await changes.WaitAsync(cancellation);
                try
                {
                    describer = tables.Current();
                }
                catch (Exception e) when (e is CaptionFileException or FileReadException)
                {
                    // It is being written, perhaps.
                    terminal.Warning($"{e.Message}; what the tables said before counts");
                }
                try
                {
                    await OnceAsync();
                }
                catch (OptionException e)
                {
                    // A disk that is taken out comes back, perhaps; the index stays as it is.
                    terminal.Warning(e.Message);
                }
            }
            return code;

            async Task<int> OnceAsync()
            {
                var report = await RunAsync(terminal, engine, parsed.GetValue(paths)!, place, parsed.GetValue(windows.Window),
                    parsed.GetValue(windows.Hop), cancellation, parsed.GetValue(allowEmpty), describer, share, isLast: changes is null);
                if (parsed.GetValue(json)) WriteJson(terminal, report, asLine: changes is not null);
                else Write(terminal, report, place.Name);
                return Unread(terminal, report);
            }
        });
    }

    /// <summary>A sentence about a model that was trained with silence behind its clips; null: it was not.</summary>
    static string? Padding(RetrievalModelConfig model) => model.Padding switch
    {
        PaddingRule.Paper => "this model was trained and is evaluated with silence behind clips, up to the longest of their batch "
            + "(audio.padding=paper); an index has no batches: each window is heard in its own length, so that its vector is its own",
        PaddingRule.Window => string.Create(CultureInfo.InvariantCulture, $"this model was trained with silence behind clips of under "
            + $"{model.MaxSeconds} s (audio.padding=window); shorter windows are heard with the same"),
        _ => null,
    };

    /// <summary>Indexes with progress on the terminal; the demo uses it, too.</summary>
    /// <param name="isLast">True to dispose of the engine once all sounds are heard: its memory is free for the encoder of texts.</param>
    public static async Task<IndexingReport> RunAsync(Terminal terminal, RetrievalEngine engine, IReadOnlyList<string> paths,
        IndexPlace place, double? windowSeconds, double? hopSeconds, CancellationToken cancellation, bool allowEmptyFolders = false,
        FileDescriber? describer = null, Shard? shard = null, bool isLast = false)
    {
        using var index = await place.EnsureAsync(engine.IndexSettings(windowSeconds, hopSeconds), cancellation);
        using var progress = new FileProgress(terminal);
        using var reader = new TextReader(() =>
        {
            if (isLast)
            {
                engine.Dispose();
                // The weights of the other half are about to come: what decoding has left need not lie beside them.
                var last = GC.GetGCMemoryInfo();
                long unused = last.TotalCommittedBytes - last.HeapSizeBytes, since = GC.GetTotalMemory(false) - last.HeapSizeBytes;
                if (unused + since > WorthReturning) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
            }
            return engine.OpenAgain(ModelParts.Text);
        });
        var report = await new AudioIndexer(engine, index)
        {
            AllowEmptyFolders = allowEmptyFolders,
            Describer = describer ?? new FileDescriber(),
            Time = terminal.Time,
            Note = terminal.Warning,
            Shard = shard,
            ReadTexts = shard is null ? reader.Read : null,
        }.RunAsync(paths, progress, cancellation);
        if (shard is not null && index is LocalAudioIndex local)
            ShardManifest.Write(Path.GetDirectoryName(place.Name)!, shard, local, report);
        return report;
    }

    /// <summary>Says what was not read, or not to its end.</summary>
    static int Unread(Terminal terminal, IndexingReport report)
    {
        if (report.Repaired > 0)
            terminal.Warning(string.Create(CultureInfo.InvariantCulture, $"the index had damaged vectors of {report.Repaired:N0} "
                + $"{(report.Repaired == 1 ? "file; it was" : "files; they were")} embedded again: check the disk"));
        if (report.CommitsWereLost)
            terminal.Warning("the index had lost its last changes and was brought up to date with the paths given; "
                + "run this for any other folder it had, too");
        foreach (string message in report.Damaged) terminal.Warning(message);
        var kinds = report.UnreadableKinds;
        if (kinds.Count == 0) return Skips.Report(terminal, report.Skipped);
        int files = kinds.Values.Sum();
        string advice = string.Join("; ", kinds.Keys.Select(kind => SoundFormats.Of("." + kind)?.HowToInstall).Distinct());
        terminal.Warning($"{Counted.Of(files, "file")} of kinds that cannot be read: {string.Join(", ", kinds.Keys)}; {advice}");
        Skips.Report(terminal, report.Skipped);
        return ExitCode.Partial;
    }

    static void Write(Terminal terminal, IndexingReport report, string folder)
    {
        string embedded = $"{Counted.Of(report.Embedded, "file")} embedded "
            + $"({Counted.Of(report.Windows, "window")}, {Sounding(report.AudioSeconds)} of sound)";
        string described = report.Redescribed > 0
            ? string.Create(CultureInfo.InvariantCulture, $", the text of {report.Redescribed:N0} read anew") : "";
        terminal.Message(string.Create(CultureInfo.InvariantCulture, $"{folder}: {embedded}, "
            + $"{report.Unchanged:N0} unchanged, {report.Moved:N0} moved or copied, {report.Removed:N0} removed{described}"));
    }

    /// <summary>Seconds up to two minutes, then minutes, then hours with a digit.</summary>
    static string Sounding(double seconds) => seconds switch
    {
        < 120 => FormattableString.Invariant($"{seconds:N0} s"),
        < 7200 => FormattableString.Invariant($"{seconds / 60:N0} min"),
        _ => FormattableString.Invariant($"{seconds / 3600:N1} h"),
    };

    static void WriteJson(Terminal terminal, IndexingReport report, bool asLine)
    {
        if (asLine) terminal.WriteJsonLine(json => WriteMembers(json, report));
        else terminal.WriteJson(json => WriteMembers(json, report));
    }

    static void WriteMembers(Utf8JsonWriter json, IndexingReport report)
    {
        json.WriteNumber("embedded", report.Embedded);
        json.WriteNumber("windows", report.Windows);
        json.WriteNumber("audio_seconds", Math.Round(report.AudioSeconds, 3));
        json.WriteNumber("unchanged", report.Unchanged);
        json.WriteNumber("moved", report.Moved);
        json.WriteNumber("removed", report.Removed);
        json.WriteNumber("repaired", report.Repaired);
        json.WriteNumber("redescribed", report.Redescribed);
        json.WriteStartArray("skipped");
        foreach (string message in report.Skipped) json.WriteStringValue(message);
        json.WriteEndArray();
        json.WriteStartObject("unreadable_kinds");
        foreach (var (kind, files) in report.UnreadableKinds) json.WriteNumber(kind, files);
        json.WriteEndObject();
        json.WriteStartArray("files");
        foreach (var file in report.Files)
        {
            json.WriteStartObject();
            json.WriteString("path", file.Path);
            json.WriteString("outcome", JsonNamingPolicy.SnakeCaseLower.ConvertName(file.Outcome.ToString()));
            if (file.Message is not null) json.WriteString("message", file.Message);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    sealed class FileProgress(Terminal terminal) : IProgress<IndexingProgress>, IDisposable
    {
        Output.Progress? _line;

        public void Report(IndexingProgress value) =>
            (_line ??= new Output.Progress(terminal, "indexing", value.Total, "files")).Report(value.Done,
                value.AudioSeconds > 0 ? $"{Sounding(value.AudioSeconds)} of sound" : "");

        public void Dispose() => _line?.Dispose();
    }
}
