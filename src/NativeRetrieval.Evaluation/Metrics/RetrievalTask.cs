using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Data;

namespace NativeRetrieval.Evaluation.Metrics;

/// <summary>The rule for right answers in an evaluation.</summary>
public enum RelevanceRule
{
    /// <summary>Every caption of every clip is a query; its own clip is the one relevant item.</summary>
    Own,

    /// <summary>Every distinct caption is one query; every clip whose row carries it is relevant.</summary>
    SameText,
}

/// <summary>The queries of an evaluation and their right answers, made from a data set.</summary>
/// <param name="Texts">Query captions as written, row i of the text embeddings.</param>
/// <param name="TextToClips">Relevant clips of each text; its transpose serves the other direction.</param>
public sealed record RetrievalTask(IReadOnlyList<string> Texts, Relevance TextToClips)
{
    /// <summary>The captions of a data set as queries, with their right answers.</summary>
    /// <param name="normalize">The key of the model's caption rule: captions for which it is equal are
    /// one text to the model and count as one.</param>
    public static RetrievalTask From(Dataset data, RelevanceRule rule, Func<string, string> normalize)
    {
        var texts = new List<string>();
        var clipsOfText = new List<List<int>>();
        var indexOfText = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int clip = 0; clip < data.Clips.Count; clip++)
            foreach (string caption in data.Clips[clip].Captions)
            {
                int text = texts.Count;
                if (rule == RelevanceRule.Own || indexOfText.TryAdd(normalize(caption), text))
                {
                    texts.Add(caption);
                    clipsOfText.Add([]);
                }
                else
                {
                    text = indexOfText[normalize(caption)];
                }
                clipsOfText[text].Add(clip);
            }
        return new RetrievalTask(texts, new Relevance(clipsOfText, data.Clips.Count));
    }

    /// <summary>
    /// Queries and answers of a relevance file. Names that the data set has, but that could not be
    /// decoded, are left out, and queries that lose all.
    /// </summary>
    /// <param name="kept">The clips that are ranked.</param>
    /// <param name="all">The clips of the caption file, decoded or not.</param>
    /// <exception cref="OptionException">A name is of no clip of the data set, or no query is left.</exception>
    public static RetrievalTask From(IReadOnlyList<RelevantFiles> relevant, Dataset kept, Dataset all)
    {
        var known = all.Clips.Select(clip => clip.FileName).ToHashSet(StringComparer.Ordinal);
        var index = kept.Clips.Select((clip, i) => (clip.FileName, i))
            .ToDictionary(pair => pair.FileName, pair => pair.i, StringComparer.Ordinal);
        var texts = new List<string>();
        var clipsOfText = new List<IEnumerable<int>>();
        foreach (var query in relevant)
        {
            if (query.FileNames.FirstOrDefault(name => !known.Contains(name)) is { } stranger)
                throw new OptionException($"the relevance file names '{stranger}' (line {query.Line}), which {all.Path} does not");
            int[] clips = [.. query.FileNames.Where(index.ContainsKey).Select(name => index[name])];
            if (clips.Length == 0) continue;
            texts.Add(query.Query);
            clipsOfText.Add(clips);
        }
        if (texts.Count == 0) throw new OptionException("no query of the relevance file has an answer that can be decoded");
        return new RetrievalTask(texts, new Relevance(clipsOfText, kept.Clips.Count));
    }
}
