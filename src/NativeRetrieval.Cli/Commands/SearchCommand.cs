using System.CommandLine;
using NativeRetrieval.Cli.Output;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>search "a dog is barking" --index sounds.nrx</c>; without a query, questions and answers in turn.</summary>
internal static class SearchCommand
{
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
                ("nativeretrieval search --index sounds.nrx", "Ask again and again; an empty line ends it"),
            ],
        };
        command.Add(query);
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var opened = options.Open(parsed, terminal, asksAgain: parsed.GetValue(query) is null);
            if (parsed.GetValue(query) is { } sentence)
            {
                await AnswerAsync(sentence);
                return ExitCode.Ok;
            }
            terminal.Message("a sentence per line; an empty line ends");
            while (await ReadLineAsync() is { Length: > 0 } line) await AnswerAsync(line);
            return ExitCode.Ok;

            async Task AnswerAsync(string text)
            {
                var hits = await opened.Engine.SearchAsync(opened.Index, text, options.Of(parsed), cancellation);
                var tokens = opened.Engine.Model.Tokenize([text]);
                if (!tokens.HasKnownToken(0))
                    terminal.Warning($"no word of this query is known to the model, so its hits mean nothing: \"{text}\"; use other words");
                HitList.Write(terminal, parsed.GetValue(options.Json), "query", text, hits, tokens.UnknownTokens(0));
            }

            async Task<string?> ReadLineAsync()
            {
                if (terminal.IsInteractive && !terminal.Quiet) terminal.Error.Write("> ");
                // Reading from a screen cannot be cancelled: Ctrl-C leaves the read behind.
                string? line = await Task.Run(Console.In.ReadLine, cancellation).WaitAsync(cancellation);
                return line?.Trim();
            }
        });
        return command;
    }
}
