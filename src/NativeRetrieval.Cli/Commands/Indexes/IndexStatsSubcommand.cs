using System.CommandLine;
using System.Globalization;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Cli.Commands.Indexes;

/// <summary><c>index stats</c>.</summary>
static class IndexStatsSubcommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = IndexCommand.Folder();
        var json = JsonOutput.Option();
        var command = new DocumentedCommand("stats", "Show what an index holds and what it was built with.")
        {
            Examples = [("nativeretrieval index stats sounds.nrx", "How many files, which model")],
        };
        command.Add(folder);
        command.Add(json);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var index = await IndexPlace.Of(parsed.GetRequiredValue(folder)).OpenAsync(device: null, cancellation);
            var stats = await index.StatsAsync(cancellation);
            if (parsed.GetValue(json)) WriteJson(terminal, index.Settings, stats);
            else WriteText(terminal, index.Settings, stats);
            return ExitCode.Ok;
        });
        return command;
    }

    static void WriteText(Terminal terminal, IndexSettings settings, IndexStats stats) => new Table("", "")
        .Add("files", Number(stats.Files))
        .Add("windows", $"{Number(stats.Windows)} of {settings.WindowSeconds.ToString(CultureInfo.InvariantCulture)} s every "
            + $"{settings.HopSeconds.ToString(CultureInfo.InvariantCulture)} s")
        .Add("deleted", Counted.Of(stats.DeletedWindows, "window"))
        .Add("vectors",
            $"{settings.Dimension.ToString(CultureInfo.InvariantCulture)} x {settings.Element}, "
                + Counted.Of(stats.Segments, "segment"))
        .Add("size", Sizes.Text(stats.SizeBytes))
        .Add("model", settings.ModelId)
        .Add("fingerprint", settings.ModelFingerprint)
        .Write(terminal);

    static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    static void WriteJson(Terminal terminal, IndexSettings settings, IndexStats stats) => terminal.WriteJson(json =>
    {
        json.WriteNumber("files", stats.Files);
        json.WriteNumber("windows", stats.Windows);
        json.WriteNumber("deleted_windows", stats.DeletedWindows);
        json.WriteNumber("segments", stats.Segments);
        json.WriteNumber("size_bytes", stats.SizeBytes);
        json.WriteNumber("dimension", settings.Dimension);
        json.WriteString("element", settings.Element.ToString());
        json.WriteNumber("window_seconds", settings.WindowSeconds);
        json.WriteNumber("hop_seconds", settings.HopSeconds);
        json.WriteString("model", settings.ModelId);
        json.WriteString("model_fingerprint", settings.ModelFingerprint);
    });
}
