using System.CommandLine;
using System.Globalization;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>index PATH… --model MODEL --to sounds.nrx</c></summary>
internal static class IndexBuild
{
    public static void AddTo(Command command, Terminal terminal)
    {
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Sound files, and folders to search for them.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var model = new Option<DirectoryInfo?>("--model") { Description = "Model folder.", HelpName = "MODEL" };
        var to = new Option<DirectoryInfo?>("--to")
        {
            Description = "The index: made if absent, otherwise brought up to date.",
            HelpName = "sounds.nrx",
        };
        var window = new Option<double?>("--window")
        {
            Description = "Length of the windows that recordings are cut into; default: what the model was trained on.",
            HelpName = "SECONDS",
        };
        var hop = new Option<double?>("--hop")
        {
            Description = "From one window to the next; default: half a window.",
            HelpName = "SECONDS",
        };
        var device = DeviceOption.Create();
        var json = JsonOutput.Option();
        command.Add(paths);
        foreach (Option option in (Option[])[model, to, window, hop, .. device.Options, json]) command.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetValue(paths) is not { Length: > 0 })
                result.AddError("name the sound files or folders to index, or a subcommand: stats, verify, compact");
            else if (result.GetValue(model) is null || result.GetValue(to) is null)
                result.AddError("say which model to use by --model and where the index is by --to");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            using var runsOn = device.Open(parsed, terminal);
            using var engine = RetrievalEngine.Open(parsed.GetValue(model)!.FullName, runsOn);
            string folder = parsed.GetValue(to)!.FullName;
            var report = await RunAsync(terminal, engine, parsed.GetValue(paths)!, folder, parsed.GetValue(window), parsed.GetValue(hop),
                cancellation);
            if (parsed.GetValue(json)) WriteJson(terminal, report);
            else Write(terminal, report, folder);
            return Skips.Report(terminal, report.Skipped);
        });
    }

    /// <summary>Indexes with progress on the terminal; the demo uses it, too.</summary>
    public static async Task<IndexingReport> RunAsync(Terminal terminal, RetrievalEngine engine, IReadOnlyList<string> paths, string folder,
        double? windowSeconds, double? hopSeconds, CancellationToken cancellation)
    {
        using var index = LocalAudioIndex.EnsureCollectionExists(folder, engine.IndexSettings(windowSeconds, hopSeconds));
        using var progress = new FileProgress(terminal);
        return await new AudioIndexer(engine, index).RunAsync(paths, progress, cancellation);
    }

    static void Write(Terminal terminal, IndexingReport report, string folder)
    {
        string embedded = string.Create(CultureInfo.InvariantCulture,
            $"{report.Embedded:N0} files embedded ({report.Windows:N0} windows, {report.AudioSeconds:N0} s of sound)");
        terminal.Message(string.Create(CultureInfo.InvariantCulture, $"{folder}: {embedded}, "
            + $"{report.Unchanged:N0} unchanged, {report.Moved:N0} moved or copied, {report.Removed:N0} removed"));
    }

    static void WriteJson(Terminal terminal, IndexingReport report) => terminal.WriteJson(json =>
    {
        json.WriteNumber("embedded", report.Embedded);
        json.WriteNumber("windows", report.Windows);
        json.WriteNumber("audio_seconds", Math.Round(report.AudioSeconds, 3));
        json.WriteNumber("unchanged", report.Unchanged);
        json.WriteNumber("moved", report.Moved);
        json.WriteNumber("removed", report.Removed);
        json.WriteStartArray("skipped");
        foreach (string message in report.Skipped) json.WriteStringValue(message);
        json.WriteEndArray();
    });

    sealed class FileProgress(Terminal terminal) : IProgress<(int Done, int Total)>, IDisposable
    {
        Output.Progress? _line;

        public void Report((int Done, int Total) value) =>
            (_line ??= new Output.Progress(terminal, "indexing", value.Total, "files")).Report(value.Done);

        public void Dispose() => _line?.Dispose();
    }
}
