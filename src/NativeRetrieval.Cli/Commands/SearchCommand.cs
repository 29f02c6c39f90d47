using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Models;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>search "a dog is barking" --index sounds.nrx</c>; without a query, questions and answers in turn.</summary>
internal static class SearchCommand
{
    const string Prompt = "> ";

    public static Command Create(Terminal terminal)
    {
        var query = new Argument<string?>("QUERY")
        {
            Description = "A sentence. Without it, sentences are read line by line.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var options = new SearchOptions();
        var command = new DocumentedCommand("search", "Find the sounds that a sentence describes.")
        {
            Examples =
            [
                ("nativeretrieval search \"a dog is barking\" --index sounds.nrx", "The ten best sounds"),
                ("nativeretrieval search \"rain on a window\" --index sounds.nrx --top 3 --json", "For another program"),
                ("nativeretrieval search \"glass breaks\" --index sounds.nrx --export glass", "The hits as WAV files in the folder glass"),
                ("nativeretrieval search --index sounds.nrx", "Ask again and again; an empty line ends it"),
            ],
        };
        command.Add(query);
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var export = options.ExportOf(parsed);
            if (export is not null && parsed.GetValue(query) is null)
                throw new OptionException("--export writes the hits of one sentence; give the sentence on the command line");
            using var opened = options.Open(parsed, terminal, ModelParts.Text, asksAgain: parsed.GetValue(query) is null);
            if (parsed.GetValue(query) is { } sentence) return await AnswerAsync(sentence);
            // On a keyboard an empty line ends, in a file it is only empty.
            bool typed = terminal.ReadKey is not null;
            var editor = typed && terminal.IsInteractive ? new LineEditor(terminal, terminal.ReadKey!, terminal.Quiet ? "" : Prompt) : null;
            if (typed) terminal.Message("a sentence per line; an empty line ends");
            while (await ReadLineAsync() is { } line)
            {
                if (line.Length == 0 && typed) break;
                if (line.Length == 0) continue;
                await AnswerAsync(line);
                terminal.Flush(); // the asker may be a program that waits for it
            }
            return ExitCode.Ok;

            async Task<int> AnswerAsync(string text)
            {
                var hits = await opened.Engine.SearchAsync(opened.Index, text, options.Of(parsed), cancellation);
                var tokens = opened.Engine.Model.Tokenize([text]);
                if (!tokens.HasKnownToken(0))
                    terminal.Warning($"no word of this query is known to the model, so its hits mean nothing: \"{text}\"; use other words");
                return await HitList.WriteAsync(terminal, parsed.GetValue(options.Json), "query", text, hits, opened.Index, export,
                    cancellation, tokens.UnknownTokens(0));
            }

            async Task<string?> ReadLineAsync()
            {
                try
                {
                    // Reading cannot be cancelled: Ctrl-C leaves the read behind.
                    string? line = await Task.Run(editor is null ? terminal.ReadLine : editor.Read, cancellation).WaitAsync(cancellation);
                    return line?.Trim();
                }
                catch (OperationCanceledException) when (editor is not null)
                {
                    terminal.Hint("");
                    throw;
                }
            }
        });
        return command;
    }
}
