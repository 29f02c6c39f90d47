using NativeRetrieval.Training.Data;

namespace NativeRetrieval.Training.Metrics;

/// <summary>The queries of an evaluation and their right answers, made from a data set.</summary>
/// <param name="Texts">Query captions as written, row i of the text embeddings.</param>
/// <param name="TextToClips">Relevant clips of each text; its transpose serves the other direction.</param>
public sealed record RetrievalTask(IReadOnlyList<string> Texts, Relevance TextToClips)
{
    /// <param name="normalize">The model's caption rule: captions that it makes equal are one text to the model and count as one.</param>
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
}
