using System.Text.Json;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Engine;

namespace NativeRetrieval.Cli.Commands.Searches;

/// <summary>
/// Questions as JSON Lines: <c>{"id": "7", "query": "rain", "like": ["a.wav@3"], "not": ["music"], "top": 5, "word_weight": 1, "filter":
/// {"max_seconds": 10}, "query_bank": false}</c>; <c>query</c> may be a list, too, and each member but one of <c>query</c> and <c>like</c>
/// may be left out. An answer is a line with the same <c>id</c>.
/// </summary>
/// <param name="ask">The question of these parts with the options of the command line.</param>
internal sealed class QueryLines(Terminal terminal, OpenedIndex opened, Func<IReadOnlyList<QueryPart>, LibraryQuery> ask)
{
    const string StandardInput = "-";
    const int MostBytes = 256 << 20;

    static readonly JsonDocumentOptions _strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    /// <param name="path">A file, or <c>-</c> for standard input.</param>
    /// <exception cref="CorruptFileException">A line is no question.</exception>
    public async Task<int> AnswerAsync(string path, CancellationToken cancellation)
    {
        int number = 0;
        foreach (string line in path == StandardInput ? Typed() : SmallFile.ReadLines(path, MostBytes))
        {
            cancellation.ThrowIfCancellationRequested();
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            using var question = Parse(path, number, line);
            var query = QueryOf(path, number, question.RootElement, cancellation);
            var answer = await AskAsync(path, number, query, question.RootElement, cancellation);
            terminal.WriteJsonLine(json =>
            {
                if (question.RootElement.TryGetProperty("id", out var id))
                {
                    json.WritePropertyName("id");
                    id.WriteTo(json);
                }
                json.WriteString("query", string.Join(" + ", query.Parts.Select(part => part.Label)));
                json.WriteNumber("unknown_tokens", answer.UnknownTokens);
                HitList.WriteHits(json, answer.Hits);
            });
            terminal.Flush(); // the asker may be a program that waits for it
        }
        return ExitCode.Ok;
    }

    async Task<LibraryAnswer> AskAsync(string path, int number, LibraryQuery query, JsonElement question, CancellationToken cancellation)
    {
        try
        {
            return await opened.Search.SearchAsync(query, cancellation);
        }
        catch (OptionException error) when (question.TryGetProperty("filter", out _))
        {
            throw Refused(path, number, $"cannot be asked: {error.Message}");
        }
    }

    IEnumerable<string> Typed()
    {
        while (terminal.ReadLine() is { } line) yield return line;
    }

    static JsonDocument Parse(string path, int number, string line)
    {
        try
        {
            var document = JsonDocument.Parse(line, _strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
            document.Dispose();
            throw Refused(path, number, "is no JSON object");
        }
        catch (JsonException e)
        {
            throw Refused(path, number, $"is not valid JSON: {e.Message}");
        }
    }

    LibraryQuery QueryOf(string path, int number, JsonElement question, CancellationToken cancellation)
    {
        string[] known = ["id", "query", "like", "not", "top", "word_weight", "filter", "query_bank"];
        if (question.EnumerateObject().FirstOrDefault(member =>
            !known.Contains(member.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } odd)
            throw Refused(path, number, $"has a member \"{odd.Name}\"");
        QueryPart[] parts = [.. Texts("query").Select(QueryOptions.SentenceOf),
            .. Texts("like").Select(example => QueryOptions.ExampleOf(example, opened, cancellation))];
        if (parts.Length == 0) throw Refused(path, number, "has neither \"query\" nor \"like\"");
        var query = ask(parts);
        if (Texts("not") is { Count: > 0 } without) query = query with { Without = [.. query.Without, .. without] };
        if (question.TryGetProperty("word_weight", out var weight))
            query = weight.ValueKind == JsonValueKind.Number && weight.TryGetDouble(out double words) && words is >= 0 and <= 1_000
                ? query with { WordWeight = words }
                : throw Refused(path, number, "has a \"word_weight\" that is no number from 0 to 1,000");
        if (question.TryGetProperty("filter", out var filter))
            query = query with { Filter = QueryLineFilter.Of(filter, query.Filter, terminal.Time.GetUtcNow(), problem =>
                Refused(path, number, problem)) };
        if (question.TryGetProperty("query_bank", out var bank)) query = bank.ValueKind switch
        {
            JsonValueKind.False => query with { Bank = null },
            JsonValueKind.True when query.Bank is not null => query,
            JsonValueKind.True => throw Refused(path, number, "asks for a query bank, and --query-bank names none"),
            _ => throw Refused(path, number, "has a \"query_bank\" that is neither true nor false"),
        };
        if (query.Bank is not null && query.Parts.All(part => part.Text is null))
            throw Refused(path, number, "has no sentence, which a query bank is for; add one, or \"query_bank\": false");
        if (!question.TryGetProperty("top", out var top)) return query;
        return top.ValueKind == JsonValueKind.Number && top.TryGetInt32(out int most) && most is >= 1 and <= 1_000_000
            ? query with { Top = most }
            : throw Refused(path, number, "has a \"top\" that is no whole number from 1 to 1,000,000");

        List<string> Texts(string name)
        {
            if (!question.TryGetProperty(name, out var value)) return [];
            JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
            return items.All(item => item.ValueKind == JsonValueKind.String) ? [.. items.Select(item => item.GetString()!)]
                : throw Refused(path, number, $"has a \"{name}\" that is neither a text nor a list of texts");
        }
    }

    static CorruptFileException Refused(string path, int number, string problem) => new(path == StandardInput ? "standard input" : path,
        $"line {number} {problem}; expected a question such as {{\"id\": \"7\", \"query\": \"rain\", \"not\": [\"music\"], \"top\": 5}}");
}
