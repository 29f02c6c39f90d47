using System.CommandLine;
using System.Globalization;
using NativeRetrieval.Cli.Commands.ModelFolders;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Models;

namespace NativeRetrieval.Cli.Commands.Searches;

/// <summary><c>search "a dog is barking" --index sounds.nrx</c>; without a query, questions and answers in turn.</summary>
internal static class SearchCommand
{
    const string Prompt = "> ";

    public static Command Create(Terminal terminal)
    {
        var query = new Argument<string[]>("QUERY")
        {
            Description = "Sentences, each in quotes, which are searched together; one with ^0.5 behind it counts half, and several of one "
                + "word each need such weights (rain^1 wind^1). Without any, sentences are read line by line.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        query.Validators.Add(result =>
        {
            if (QueryOptions.WithoutQuotes([.. result.Tokens.Select(token => token.Value)]) is { } problem) result.AddError(problem);
        });
        var also = new QueryOptions();
        var queries = new Option<string?>("--queries")
        {
            Description = "Answer many questions, each line of this file (or of standard input, -) a JSON object such as "
                + "{\"query\": \"rain\"}; an answer is one line of JSON.",
            HelpName = "FILE.jsonl",
        };
        var precision = new TextPrecisionOption();
        var options = new SearchOptions();
        var command = new DocumentedCommand("search", "Find the sounds that sentences, or examples, describe, by sound and by the words in "
            + "names and tags.")
        {
            Examples =
            [
                ("nativeretrieval search \"a dog is barking\" --index sounds.nrx", "The ten best sounds"),
                ("nativeretrieval search \"rain on a window\" --index sounds.nrx --top 3 --json", "For another program"),
                ("nativeretrieval search rain --like drips.wav --not music --index sounds.nrx", "Rain like these drips, and no music"),
                ("nativeretrieval search \"door slam\" --in Foley --length ..2s --index sounds.nrx", "Short ones below a folder Foley"),
                ("nativeretrieval search \"glass breaks\" --index sounds.nrx --export glass", "The hits as WAV files in the folder glass"),
                ("nativeretrieval search \"rain falls\" --query-bank captions.txt --index sounds.nrx",
                    "Sounds that come to every search taken down"),
                ("nativeretrieval search --index sounds.nrx", "Ask again and again; an empty line ends it"),
            ],
        };
        command.Add(query);
        foreach (Option option in (Option[])[.. also.All, queries, precision]) command.Add(option);
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            string[] sentences = parsed.GetValue(query) ?? [], like = also.Like(parsed);
            string? file = parsed.GetValue(queries);
            if (file is not null && sentences.Length + like.Length > 0)
                throw new OptionException("--queries brings its own questions; leave out the sentences and --like");
            bool once = sentences.Length + like.Length > 0;
            if (!once && options.Exports(parsed))
                throw new OptionException("--export and --export-list write the hits of one question; give it on the command line");
            var files = options.FilesOf(parsed);
            var sentencesOfBank = also.Bank(parsed);
            bool reads = sentences.Length + also.Without(parsed).Length > 0 || sentencesOfBank is not null || !once;
            bool hears = file is not null || like.Length > 0;
            var parts = reads && hears ? ModelParts.Both : hears ? ModelParts.Audio : ModelParts.Text;
            using var opened = await options.OpenAsync(parsed, terminal, parts, asksAgain: !once, cancellation,
                precision.Of(parsed, reads, "this search"));
            var bank = sentencesOfBank is null ? null
                : opened.Engine.EmbedQueryBank(sentencesOfBank, CacheFolder.QueryBanksOf(terminal), () => terminal.Message(
                    string.Create(CultureInfo.InvariantCulture, $"query bank: {sentencesOfBank.Count:N0} sentences are embedded, ")
                    + "and kept for the next time"));
            if (file is not null)
                return await new QueryLines(terminal, opened, parts => Asked(parts, also.Without(parsed))).AnswerAsync(file, cancellation);
            if (once)
                return await AnswerAsync([.. sentences.Select(QueryOptions.SentenceOf),
                    .. like.Select(example => QueryOptions.ExampleOf(example, opened, cancellation))]);
            // On a keyboard an empty line ends, in a file it is only empty.
            bool typed = terminal.ReadKey is not null;
            var editor = typed && terminal.IsInteractive ? new LineEditor(terminal, terminal.ReadKey!, terminal.Quiet ? "" : Prompt) : null;
            if (typed) terminal.Message("a sentence per line; an empty line ends");
            while (await ReadLineAsync() is { } line)
            {
                if (line.Length == 0 && typed) break;
                if (line.Length == 0) continue;
                await AnswerAsync([QueryPart.Sentence(line)]);
                terminal.Flush(); // the asker may be a program that waits for it
            }
            return ExitCode.Ok;

            LibraryQuery Asked(IReadOnlyList<QueryPart> parts, IReadOnlyList<string> without) => options.Of(parsed, terminal, parts) with
            {
                Without = without,
                WordWeight = also.WordWeight(parsed),
                Bank = bank,
            };

            async Task<int> AnswerAsync(IReadOnlyList<QueryPart> parts)
            {
                var answer = await opened.Search.SearchAsync(Asked(parts, also.Without(parsed)), cancellation);
                foreach (string text in answer.UnknownSentences)
                    terminal.Warning($"no word of this query is known to the model, so its hits mean nothing: \"{text}\"; use other words");
                return await HitList.WriteAsync(terminal, parsed.GetValue(options.Json), "query", string.Join(" + ", parts.Select(part =>
                    part.Label)),
                    answer.Hits, opened.Index, files, cancellation, answer.UnknownTokens);
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
