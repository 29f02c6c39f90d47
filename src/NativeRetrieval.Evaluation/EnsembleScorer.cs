using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Evaluation.Metrics;
using NativeRetrieval.Evaluation.Vectors;
using NativeRetrieval.Models;

namespace NativeRetrieval.Evaluation;

/// <summary>The texts that are asked and, where it is known, the clips that answer them.</summary>
internal sealed record Queries(IReadOnlyList<string> Texts, Relevance? Relevance)
{
    /// <summary>Groups by which intervals are computed; null: queries count as independent.</summary>
    public QueryGroups? Groups { get; init; }

    public static Queries Of(RetrievalTask task) => new(task.Texts, task.TextToClips);
}

/// <summary>The scores of every model of an ensemble for one data set.</summary>
/// <param name="Models">One matrix for each model, queries against clips.</param>
/// <param name="ClipNames">File names of the clips that could be decoded.</param>
internal sealed record EnsembleScores(IReadOnlyList<SimilarityMatrix> Models, Queries Queries, IReadOnlyList<string> ClipNames);

/// <summary>Scores data sets with the models of a request, one model in memory at a time, from saved vectors where there are any.</summary>
internal sealed class EnsembleScorer(EvaluationRequest request, IProgress<EvaluationProgress>? progress, CancellationToken cancellation)
{
    readonly List<string> _skipped = [];

    readonly IReadOnlyList<string> _bank = request.QueryBank is { } file ? QueryBankFile.Read(file) : [];

    /// <summary>One message for each clip that could not be decoded.</summary>
    public IReadOnlyList<string> Skipped => _skipped;

    /// <param name="makeQueries">Makes the queries from the clips that could be decoded and the
    /// key of the first model's caption rule.</param>
    public EnsembleScores Score(Dataset data, Func<Dataset, Func<string, string>, Queries> makeQueries)
    {
        var scores = new List<SimilarityMatrix>();
        IReadOnlyList<string>? names = null;
        var queries = new Queries([], null);
        Func<string, string>? key = null;
        foreach (string folder in request.Models)
        {
            key ??= ModelFolder.ReadConfig(folder).Captions.Key;
            var vectors = OnEveryRank(Stored(folder, data)) ?? Embedded(folder, data, kept => makeQueries(kept, key).Texts);
            if (names is null)
            {
                names = vectors.ClipNames;
                queries = makeQueries(Kept(data, names), key);
            }
            else if (!names.SequenceEqual(vectors.ClipNames, StringComparer.Ordinal))
            {
                throw new OptionException($"{folder} has vectors of {vectors.ClipNames.Count} clips, {request.Models[0]} of {names.Count}; "
                    + "an ensemble needs the same clips from all (remove the sounds that cannot be read, and vectors saved before)");
            }
            var raw = vectors.Score(queries.Texts);
            scores.Add(_bank.Count == 0 ? raw : QueryBankNorm.Apply(raw, vectors.Score(_bank)));
        }
        return new EnsembleScores(scores, queries, names!);
    }

    static Dataset Kept(Dataset data, IReadOnlyList<string> names) =>
        names.Count == data.Clips.Count ? data : Kept(data, names.ToHashSet(StringComparer.Ordinal));

    static Dataset Kept(Dataset data, IReadOnlySet<string> names) =>
        data with { Clips = [.. data.Clips.Where(clip => names.Contains(clip.FileName))] };

    /// <summary>Stored vectors where every rank has found them: all or none take part in making them.</summary>
    EvaluationVectors? OnEveryRank(EvaluationVectors? stored)
    {
        if (request.Group is not { } group) return stored;
        Span<long> found = [stored is null ? 0 : 1];
        group.AllReduce(found);
        if (stored is not null && found[0] < group.WorldSize && request.Audio is null)
            throw new OptionException($"{request.Vectors} is not the same on all ranks: {found[0]} of {group.WorldSize} find vectors "
                + "there, and without --audio none can be made");
        return found[0] == group.WorldSize ? stored : null;
    }

    EvaluationVectors? Stored(string folder, Dataset data)
    {
        if (request.Vectors is not { } stored) return null;
        string fingerprint = ModelFolder.Fingerprint(folder);
        var cache = request.Audio is null ? null
            : new FeatureCache(request.FeatureCache, ModelFeatures.Of(ModelFolder.ReadConfig(folder)));
        var vectors = new VectorFolder(stored).Find(fingerprint, data,
            cache is null ? null : names => VectorFolder.SoundsHash(Kept(data, names), cache.ContentHash));
        if (vectors is null && request.Audio is null)
            throw new OptionException($"{stored} holds no vectors of {folder} for {data.Path}; make them with --audio and --save-vectors");
        return vectors;
    }

    EvaluationVectors Embedded(string folder, Dataset data, Func<Dataset, IReadOnlyList<string>> textsOf)
    {
        using var model = ModelFolder.Load(folder, request.Device, textPrecision: request.TextPrecision);
        model.ForInference();
        var skipped = new List<string>();
        var cache = new FeatureCache(request.FeatureCache, ModelFeatures.Of(model.Config));
        var features = FeatureStore.Prepare(cache, data, skipped, Reports(EvaluationPhase.Features, data.Clips.Count), cancellation,
            request.Group);
        _skipped.AddRange(skipped.Except(_skipped));
        IReadOnlyList<string> texts = [.. textsOf(features.Data), .. _bank];
        // Saved vectors serve evaluations with other rules of relevance, too.
        if (request.SaveVectors is not null)
            texts = [.. texts.Concat(data.Clips.SelectMany(clip => clip.Captions)).Distinct(StringComparer.Ordinal)];
        var vectors = Evaluator.Embed(model, features, texts, Reports(EvaluationPhase.Embedding, features.Data.Clips.Count), cancellation,
            request.Group);
        if (request.SaveVectors is { } to && (request.Group?.Rank ?? 0) == 0)
        {
            string hash = VectorFolder.SoundsHash(features.Data, cache.ContentHash);
            new VectorFolder(to).Save(ModelFolder.Fingerprint(folder), data, vectors, hash);
        }
        return vectors;
    }

    /// <summary>Reports the start of a phase; the result reports the clips done.</summary>
    Action<int>? Reports(EvaluationPhase phase, int total)
    {
        if (progress is null) return null;
        progress.Report(new EvaluationProgress(phase, 0, total));
        return done => progress.Report(new EvaluationProgress(phase, done, total));
    }
}
