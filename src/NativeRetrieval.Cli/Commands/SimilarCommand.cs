using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Models;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>similar FILE --index sounds.nrx</c></summary>
internal static class SimilarCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<FileInfo>("FILE") { Description = "A sound file; its first window is compared." };
        var options = new SearchOptions();
        var command = new DocumentedCommand("similar", "Find sounds like a given one.")
        {
            Examples = [("nativeretrieval similar bark.wav --index sounds.nrx", "The ten most similar sounds")],
        };
        command.Add(file);
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var export = options.ExportOf(parsed);
            using var opened = options.Open(parsed, terminal, ModelParts.Audio, asksAgain: false);
            string path = parsed.GetRequiredValue(file).FullName;
            var windows = opened.Engine.EmbedFile(path, opened.Index.Settings.WindowSeconds, opened.Index.Settings.HopSeconds,
                cancellation);
            return await HitList.WriteAsync(terminal, parsed.GetValue(options.Json), "file", path,
                await opened.Index.SearchAsync(windows[0].Vector, options.Of(parsed), cancellation),
                opened.Index, export, cancellation);
        });
        return command;
    }
}
