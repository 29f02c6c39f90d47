using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Evaluation.Metrics;
using NativeRetrieval.Evaluation.Vectors;
using NativeRetrieval.Models;

namespace NativeRetrieval.Evaluation;

/// <summary>
/// Embeds a data set with a model and ranks it in both directions. Where the device records work, batches of one shape are replayed once
/// the shape has come before, with the same bits: the model does not change meanwhile.
/// </summary>
public static class Evaluator
{
    const int ReportBatch = 32;

    /// <summary>Embeds a data set and scores every query against every clip.</summary>
    /// <param name="done">Called with the number of clips embedded so far.</param>
    /// <param name="ranks">Ranks that embed it together and all get all scores; null: this one alone.</param>
    /// <returns>The score of every query text against every clip.</returns>
    public static SimilarityMatrix Score(RetrievalModel model, FeatureStore features, RetrievalTask task, Action<int>? done = null,
        CancellationToken cancellation = default, IProcessGroup? ranks = null) =>
        Embed(model, features, task.Texts, done, cancellation, ranks).Score(task.Texts);

    /// <summary>
    /// Vectors of every clip and every distinct text. Clips are padded as the model's were in training: with
    /// <see cref="PaddingRule.Paper"/> a vector depends on the clips beside it, in the order of the data.
    /// </summary>
    /// <param name="done">Called with the number of clips embedded so far.</param>
    /// <param name="ranks">Ranks that share the work out and all get all vectors; null: this one alone.</param>
    public static EvaluationVectors Embed(RetrievalModel model, FeatureStore features, IReadOnlyList<string> texts,
        Action<int>? done = null, CancellationToken cancellation = default, IProcessGroup? ranks = null)
    {
        string[] distinct = [.. texts.Distinct(StringComparer.Ordinal)];
        var data = features.Data.Clips;
        using var captured = new CapturedWork(model.Device);
        float[] clips;
        if (model.Config.Padding == PaddingRule.Paper)
        {
            int[] longest = PaddedBatches.Longest(data, features.WaveformSamples, model.Config.PaddedBatch ?? ReportBatch);
            clips = Embedder.Clips(model, data.Count, i => model.Config.LogMel.FramesOf(longest[i]),
                i => features.LoadPadded(i, longest[i]), done, cancellation, captured, ranks);
        }
        else
        {
            clips = Embedder.Clips(model, data.Count, features.Frames, features.Load, done, cancellation, captured, ranks);
        }
        return new EvaluationVectors(model.Config.EmbeddingDimension, [.. data.Select(clip => clip.FileName)], clips, distinct,
            Embedder.Texts(model, distinct, cancellation, captured, ranks));
    }

    /// <summary>The queries and right answers of a data set under a model's caption rule.</summary>
    public static RetrievalTask Task(RetrievalModel model, FeatureStore features, RelevanceRule relevance) =>
        RetrievalTask.From(features.Data, relevance, model.Config.Captions.Key);
}
