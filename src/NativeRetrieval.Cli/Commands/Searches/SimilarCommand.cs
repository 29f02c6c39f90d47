using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Models;

namespace NativeRetrieval.Cli.Commands.Searches;

/// <summary><c>similar FILE --index sounds.nrx</c></summary>
internal static class SimilarCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<FileInfo>("FILE") { Description = "A sound file; its first window is compared, or the one at --at." };
        var at = new DurationOption("--at") { Description = "Time in the file whose window is compared: 12.5, 500ms or 2m." };
        var options = new SearchOptions();
        var command = new DocumentedCommand("similar", "Find sounds like a given one.")
        {
            Examples =
            [
                ("nativeretrieval similar bark.wav --index sounds.nrx", "The ten most similar sounds"),
                ("nativeretrieval similar night.flac --at 12.5s --index sounds.nrx --length ..10s", "Short sounds like that moment"),
            ],
        };
        command.Add(file);
        command.Add(at);
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var files = options.FilesOf(parsed);
            using var opened = await options.OpenAsync(parsed, terminal, ModelParts.Audio, asksAgain: false, cancellation);
            string path = parsed.GetRequiredValue(file).FullName;
            var part = QueryOptions.Example(path, parsed.GetValue(at), weight: 1, opened, cancellation);
            var answer = await opened.Search.SearchAsync(options.Of(parsed, terminal, [part]), cancellation);
            return await HitList.WriteAsync(terminal, parsed.GetValue(options.Json), "file", path, answer.Hits, opened.Index, files,
                cancellation);
        });
        return command;
    }
}
