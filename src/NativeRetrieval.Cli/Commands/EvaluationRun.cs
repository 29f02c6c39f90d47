using NativeRetrieval.Audio.Features;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Evaluation;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Evaluation.Fusion;
using NativeRetrieval.Evaluation.Metrics;
using NativeRetrieval.Evaluation.Vectors;
using NativeRetrieval.Models;
using NativeRetrieval.Training.Features;

namespace NativeRetrieval.Cli.Commands;

/// <summary>Scores a data set with every model of an ensemble, one model in memory at a time, and fuses the scores.</summary>
internal sealed class EvaluationRun(Terminal terminal, EvaluationRequest request, CancellationToken cancellation)
{
    readonly List<string> _skipped = [];

    public EvaluationOutcome Run()
    {
        bool hidden = QueryCsv.HasNoAnswers(request.Csv);
        var data = hidden ? Sounds() : Captioned(request.Csv, request.Audio);
        var relevant = request.RelevanceFile is { } file ? RelevanceCsv.Read(file) : null;
        var queries = hidden ? QueryCsv.Read(request.Csv) : null;
        var fitted = Fit();
        var scored = Score(data, (kept, normalize) =>
            queries is not null ? (queries, null)
            : Of(relevant is null ? RetrievalTask.From(kept, request.Rule, normalize) : RetrievalTask.From(relevant, kept, data)));
        var weights = fitted?.Weights ?? request.Weights;
        var scores = ScoreFusion.Fuse(scored.Models, request.Fusion, weights);
        return new(scores, scored.Texts, scored.ClipNames, scored.Relevance, weights, fitted, _skipped);
    }

    static (IReadOnlyList<string>, Relevance?) Of(RetrievalTask task) => (task.Texts, task.TextToClips);

    WeightSearch? Fit()
    {
        if (request.FitCsv is null) return null;
        var scored = Score(Captioned(request.FitCsv, request.FitAudio ?? request.Audio), (kept, normalize) => Of(RetrievalTask.From(kept, request.Rule, normalize)));
        return WeightSearch.Fit(scored.Models, scored.Relevance!);
    }

    static Dataset Captioned(string csv, string? audio) => audio is null ? CaptionCsv.ReadCaptions(csv, ".") : CaptionCsv.Read(csv, audio);

    /// <summary>Every sound of the folder, without captions.</summary>
    Dataset Sounds()
    {
        if (request.Audio is not { } folder) throw new OptionException($"{request.Csv} names no sounds; --audio says which folder to rank");
        var found = SoundFiles.Find([folder]);
        _skipped.AddRange(found.LeftOut.Where(left => left.Outcome != FileOutcome.Duplicate).Select(left => left.Message!));
        var clips = found.Files.Select(path => new Clip(Path.GetRelativePath(folder, path).Replace('\\', '/'), path, [], 0)).ToList();
        if (clips.Count == 0) throw new OptionException($"{folder} holds no sound file to rank");
        return new Dataset(request.Csv, clips);
    }

    /// <summary>The scores of every model for one data set; the first model's caption rule makes the queries.</summary>
    (IReadOnlyList<SimilarityMatrix> Models, IReadOnlyList<string> Texts, IReadOnlyList<string> ClipNames, Relevance? Relevance) Score(Dataset data,
        Func<Dataset, Func<string, string>, (IReadOnlyList<string> Texts, Relevance? Relevance)> makeTask)
    {
        var scores = new List<SimilarityMatrix>();
        IReadOnlyList<string>? names = null;
        (IReadOnlyList<string> Texts, Relevance? Relevance) task = ([], null);
        Func<string, string>? normalize = null;
        foreach (string folder in request.Models)
        {
            normalize ??= ModelPackage.ReadConfig(folder).Captions.Key;
            var vectors = Stored(folder, data) ?? Embedded(folder, data, kept => makeTask(kept, normalize).Texts);
            if (names is null)
            {
                names = vectors.ClipNames;
                task = makeTask(Kept(data, names), normalize);
            }
            else if (!names.SequenceEqual(vectors.ClipNames, StringComparer.Ordinal))
            {
                throw new OptionException($"{folder} has vectors of {vectors.ClipNames.Count} clips, {request.Models[0]} of {names.Count}; an ensemble needs the same clips from all (remove the sounds that cannot be read, and vectors saved before)");
            }
            scores.Add(vectors.Score(task.Texts));
        }
        return (scores, task.Texts, names!, task.Relevance);
    }

    static Dataset Kept(Dataset data, IReadOnlyList<string> names)
    {
        if (names.Count == data.Clips.Count) return data;
        var kept = names.ToHashSet(StringComparer.Ordinal);
        return data with { Clips = [.. data.Clips.Where(clip => kept.Contains(clip.FileName))] };
    }

    EvaluationVectors? Stored(string folder, Dataset data)
    {
        if (request.Vectors is not { } stored) return null;
        var saved = new VectorFolder(stored);
        string fingerprint = ModelPackage.Fingerprint(folder);
        FeatureCache? cache = request.Audio is null ? null : new FeatureCache(request.Cache, ModelFeatures.Of(ModelPackage.ReadConfig(folder)));
        var vectors = saved.Find(fingerprint, data, cache is null ? null
            : kept => VectorFolder.SoundsHash(data with { Clips = [.. data.Clips.Where(clip => kept.Contains(clip.FileName))] }, cache.ContentHash));
        if (vectors is null && request.Audio is null)
            throw new OptionException($"{stored} holds no vectors of {folder} for {data.Path}; make them with --audio and --save-vectors");
        return vectors;
    }

    EvaluationVectors Embedded(string folder, Dataset data, Func<Dataset, IReadOnlyList<string>> textsOf)
    {
        using var model = ModelPackage.Load(folder, request.Device);
        var skipped = new List<string>();
        var cache = new FeatureCache(request.Cache, ModelFeatures.Of(model.Config));
        FeatureStore features;
        using (var line = new Output.Progress(terminal, "features", data.Clips.Count, "clips"))
            features = FeatureStore.Prepare(cache, data, skipped, done => line.Report(done), cancellation);
        _skipped.AddRange(skipped.Except(_skipped));
        var texts = textsOf(features.Data);
        // Saved vectors serve evaluations with other rules of relevance, too.
        if (request.SaveVectors is not null) texts = [.. texts.Concat(data.Clips.SelectMany(clip => clip.Captions)).Distinct(StringComparer.Ordinal)];
        using var embedding = new Output.Progress(terminal, "embedding", features.Data.Clips.Count, "clips");
        var vectors = Evaluator.Embed(model, features, texts, done => embedding.Report(done), cancellation);
        if (request.SaveVectors is { } to)
            new VectorFolder(to).Save(ModelPackage.Fingerprint(folder), data, vectors, VectorFolder.SoundsHash(features.Data, cache.ContentHash));
        return vectors;
    }
}
