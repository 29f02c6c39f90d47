using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Engine;

/// <summary>Questions to a library of sounds. Members may be called from several threads.</summary>
/// <param name="engine">Model that the index was made by; its text encoder is needed for sentences.</param>
/// <param name="index">The library.</param>
public sealed class LibrarySearch(RetrievalEngine engine, LocalAudioIndex index)
{
    /// <summary>The recordings that answer a question, best first.</summary>
    /// <exception cref="OptionException">The question has no part of a positive weight, or an option is out of its range.</exception>
    /// <exception cref="IndexException">A vector does not fit the index.</exception>
    /// <exception cref="IndexCorruptException">The index is damaged.</exception>
    public async Task<LibraryAnswer> SearchAsync(LibraryQuery query, CancellationToken cancellation = default)
    {
        string[] sentences = [.. query.Parts.Where(part => part.Text is not null).Select(part => part.Text!)];
        if (!query.Parts.Any(part => part.Weight > 0) || sentences.Any(string.IsNullOrWhiteSpace))
            throw new OptionException("the query is empty; describe a sound, such as \"a dog is barking\"");
        float[] texts = sentences.Length > 0 ? engine.EmbedTexts(sentences) : [];
        var hits = await index.SearchAsync(Combined(query.Parts, texts), new AudioSearchOptions
        {
            Top = query.Top,
            Skip = query.Skip,
            PathFilter = query.Filter.Name,
            MinScore = query.Filter.MinScore ?? float.NegativeInfinity,
            Grouping = query.Grouping,
        }, cancellation).ConfigureAwait(false);
        var found = new List<LibraryHit>(hits.Count);
        foreach (var hit in hits)
        {
            var entry = await index.GetAsync(hit.Path, cancellation).ConfigureAwait(false);
            found.Add(new LibraryHit
            {
                Rank = hit.Rank, Path = hit.Path, StartSeconds = hit.StartSeconds, EndSeconds = hit.EndSeconds, Score = hit.Score,
                RowId = hit.RowId, SoundRank = hit.Rank,
                Stretches = [new SoundStretch(hit.StartSeconds, hit.EndSeconds, hit.Score)],
                Details = new SoundDetails { DurationSeconds = entry?.Windows[^1].EndSeconds ?? hit.EndSeconds },
            });
        }
        return new LibraryAnswer(found);
    }

    /// <summary>The weighted sum of the parts' unit vectors.</summary>
    float[] Combined(IReadOnlyList<QueryPart> parts, float[] texts)
    {
        int width = index.Settings.Dimension, text = 0;
        float[] sum = new float[width];
        foreach (var part in parts)
        {
            var vector = part.Text is null ? part.Embedding.Span : texts.AsSpan(text++ * width, width);
            if (vector.Length != width)
                throw new IndexException($"search: {part.Label}: the vector has {vector.Length} values, the index {width}");
            double length = 0;
            foreach (float value in vector) length += (double)value * value;
            double scale = part.Weight / Math.Sqrt(length);
            for (int i = 0; i < width; i++) sum[i] += (float)(scale * vector[i]);
        }
        return sum;
    }
}
