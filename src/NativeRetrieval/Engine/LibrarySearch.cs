using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;
using NativeRetrieval.Text;

namespace NativeRetrieval.Engine;

/// <summary>Questions to a library of sounds. Members may be called from several threads.</summary>
/// <param name="engine">Model that the index was made by; its text encoder is needed for sentences.</param>
/// <param name="index">The library.</param>
public sealed class LibrarySearch(RetrievalEngine engine, ILibraryIndex index)
{
    /// <summary>The recordings that answer a question, best first.</summary>
    /// <exception cref="OptionException">The question has no part of a positive weight, or an option is out of its range.</exception>
    /// <exception cref="IndexException">A vector does not fit the index, or the parts cancel each other.</exception>
    /// <exception cref="IndexCorruptException">The index is damaged.</exception>
    public async Task<LibraryAnswer> SearchAsync(LibraryQuery query, CancellationToken cancellation = default) =>
        (await SearchBatchAsync([query], cancellation).ConfigureAwait(false))[0];

    /// <summary>
    /// The answers to several questions, each as if it were asked alone. Their sentences are embedded together, and questions without
    /// filter and exclusion share one pass over the vectors.
    /// </summary>
    /// <returns>One answer for each question.</returns>
    /// <inheritdoc cref="SearchAsync" path="/exception"/>
    public async Task<IReadOnlyList<LibraryAnswer>> SearchBatchAsync(IReadOnlyList<LibraryQuery> queries,
        CancellationToken cancellation = default)
    {
        foreach (var query in queries) Require(query);
        string[][] texts = [.. queries.Select(query => (string[])[.. Sentences(query), .. query.Without])];
        string[] all = [.. texts.SelectMany(own => own)];
        var read = all.Length > 0 ? engine.ReadTexts(all) : new TextVectors([], []);
        var tokens = all.Length > 0 ? engine.Model.Tokenize(all) : null;
        var questions = new List<LibraryIndexQuery>(queries.Count);
        int width = index.Settings.Dimension, encodedWidth = all.Length > 0 ? read.Encoded.Length / all.Length : 0, at = 0;
        for (int q = 0; q < queries.Count; at += texts[q].Length, q++)
        {
            int sentences = Sentences(queries[q]).Length;
            questions.Add(Question(queries[q], read.Vectors.AsMemory(at * width, texts[q].Length * width)) with
            {
                // To a model that does not know a word all unknown words are alike: it compares no meaning then.
                TextVector = Enumerable.Range(at, sentences).Any(text => tokens!.UnknownTokens(text) > 0) ? ReadOnlyMemory<float>.Empty
                    : Meaning(queries[q].Parts, read.Encoded.AsSpan(at * encodedWidth, sentences * encodedWidth)),
            });
        }
        var hits = await index.SearchBatchAsync(questions, cancellation).ConfigureAwait(false);
        int first = 0;
        return [.. hits.Select((found, q) => Answer(found, texts[q], tokens, (first += texts[q].Length) - texts[q].Length))];
    }

    static string[] Sentences(LibraryQuery query) => [.. query.Parts.Where(part => part.Text is not null).Select(part => part.Text!)];

    static void Require(LibraryQuery query)
    {
        if (!query.Parts.Any(part => part.Weight > 0) || Sentences(query).Concat(query.Without).Any(string.IsNullOrWhiteSpace))
            throw new OptionException("the query is empty; describe a sound, such as \"a dog is barking\"");
        if (query.Bank is not null && Sentences(query).Length == 0)
            throw new OptionException("a query bank is of sentences, and the query has none; leave one of them out, or add a sentence");
        if (query.Parts.FirstOrDefault(part => !double.IsFinite(part.Weight) || part.Weight == 0
            || Math.Abs(part.Weight) > 1_000) is { } odd)
            throw new OptionException($"the weight of \"{odd.Label}\" is {odd.Weight}; it must be −1,000 to 1,000, and not 0");
    }

    /// <param name="vectors">Of the sentences and of what is not wanted, [texts, dimension].</param>
    LibraryIndexQuery Question(LibraryQuery query, ReadOnlyMemory<float> vectors)
    {
        int width = index.Settings.Dimension, sentences = Sentences(query).Length;
        return new LibraryIndexQuery
        {
            Vector = Combined(query.Parts, vectors.Span),
            IsSound = sentences == 0,
            Words = [.. query.Parts.Where(part => part is { Text: not null, Weight: > 0 })
                .SelectMany(part => QueryWords.Of(part.Text!)).Distinct()],
            WordWeight = query.WordWeight,
            Bank = query.Bank,
            WithoutWords = [.. query.Without.Select(QueryWords.Of)],
            WithoutVectors = [.. query.Without.Select((_, i) => vectors.Slice((sentences + i) * width, width))],
            Filter = query.Filter,
            Top = query.Top,
            Skip = query.Skip,
            Grouping = query.Grouping,
        };
    }

    /// <param name="tokens">Those of all questions' texts; null: there are none.</param>
    /// <param name="first">Place of this question's first text among them.</param>
    static LibraryAnswer Answer(LibraryHits hits, string[] texts, TokenBatch? tokens, int first) => tokens is null ? new(hits) : new(hits)
    {
        UnknownSentences = [.. texts.Where((_, i) => !tokens.HasKnownToken(first + i))],
        UnknownTokens = Enumerable.Range(first, texts.Length).Sum(tokens.UnknownTokens),
    };

    /// <summary>
    /// The weighted sum of the sentences' vectors by the text encoder alone; empty where there is no sentence, or the sum is zero.
    /// </summary>
    static float[] Meaning(IReadOnlyList<QueryPart> parts, ReadOnlySpan<float> encoded)
    {
        QueryPart[] sentences = [.. parts.Where(part => part.Text is not null)];
        if (!sentences.Any(part => part.Weight > 0)) return [];
        float[] sum = new float[encoded.Length / sentences.Length];
        for (int text = 0; text < sentences.Length; text++)
            for (int i = 0; i < sum.Length; i++) sum[i] += (float)sentences[text].Weight * encoded[text * sum.Length + i];
        return sum.Any(value => value != 0) ? sum : [];
    }

    /// <summary>The weighted sum of the parts' unit vectors.</summary>
    float[] Combined(IReadOnlyList<QueryPart> parts, ReadOnlySpan<float> texts)
    {
        int width = index.Settings.Dimension, text = 0;
        float[] sum = new float[width];
        foreach (var part in parts)
        {
            var vector = part.Text is null ? part.Embedding.Span : texts.Slice(text++ * width, width);
            if (vector.Length != width)
                throw new IndexException($"search: {part.Label}: the vector has {vector.Length} values, the index {width}");
            double length = 0;
            foreach (float value in vector) length += (double)value * value;
            if (!(length > 0 && double.IsFinite(length)))
                throw new IndexException($"search: {part.Label}: the vector is zero or not finite and has no direction");
            double scale = part.Weight / Math.Sqrt(length);
            for (int i = 0; i < width; i++) sum[i] += (float)(scale * vector[i]);
        }
        return sum;
    }
}
