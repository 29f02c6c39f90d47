using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Fusion;
using NativeRetrieval.Evaluation.Metrics;
using NativeRetrieval.Models;

namespace NativeRetrieval.Evaluation;

/// <summary>An evaluation from caption file and model folders to figures: the one call by which a host scores a model.</summary>
public static class EvaluationSession
{
    /// <summary>Scores a data set with every model of a request, one model in memory at a time, and fuses the scores.</summary>
    /// <param name="progress">Told of every clip; null: nobody is.</param>
    /// <exception cref="OptionException">The request is not consistent, or does not fit what it names.</exception>
    /// <exception cref="CorruptFileException">A caption file, model or file of vectors is damaged.</exception>
    /// <exception cref="FileReadException">A file or folder cannot be read.</exception>
    /// <exception cref="FileWriteException">The feature cache or the vectors cannot be written.</exception>
    /// <exception cref="DistributedException">Of several ranks one failed or disagrees.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled, or that of another rank.</exception>
    public static EvaluationOutcome Run(EvaluationRequest request, IProgress<EvaluationProgress>? progress = null,
        CancellationToken cancellation = default) => RankJob.Do(request.Group, () => RunRank(request, progress, cancellation));

    static EvaluationOutcome RunRank(EvaluationRequest request, IProgress<EvaluationProgress>? progress, CancellationToken cancellation)
    {
        request.Validate();
        var skipped = new List<string>();
        bool hidden = QueryCsv.HasNoAnswers(request.Csv);
        if (hidden && request.GroupColumn is { } column)
            throw new OptionException($"--group {column}: the CSV names no sounds, so there is nothing to measure; leave it out");
        if (hidden && request.Against.Count > 0)
            throw new OptionException("--against: the CSV names no sounds, so there is nothing to compare; leave it out");
        var data = hidden ? Sounds(request, skipped, cancellation) : Captioned(request.Csv, request.Audio, request.GroupColumn);
        var relevant = request.RelevanceFile is { } file ? RelevanceCsv.Read(file) : null;
        var queries = hidden ? QueryCsv.Read(request.Csv) : null;
        if (request.Group is not null) RequireAgreement(request, data);
        var scorer = new EnsembleScorer(request, progress, cancellation);
        var fitted = Fit(request, scorer);
        var scored = scorer.Score(data, (kept, key) =>
        {
            if (queries is not null) return new Queries(queries, null);
            var task = relevant is null ? RetrievalTask.From(kept, request.Relevance, key) : RetrievalTask.From(relevant, kept, data);
            return Queries.Of(task) with
            {
                Groups = request.GroupColumn is not { } name ? null
                    : QueryGroups.Of(name, [.. kept.Clips.Select(clip => clip.Group!)], task),
            };
        });
        var weights = fitted?.Weights ?? request.Weights;
        FusedScores[] systems = request.Fusion == FusionRule.None
            ? [.. scored.Models.Select(model => ScoreFusion.Fuse([model], FusionRule.None))]
            : [ScoreFusion.Fuse(scored.Models, request.Fusion, weights)];
        var outcome = new EvaluationOutcome(systems, scored.Queries.Texts, scored.ClipNames, scored.Queries.Relevance, weights, fitted,
            [.. skipped, .. scorer.Skipped], scored.Queries.Groups);
        return request.Against.Count == 0 ? outcome : Compared(request, outcome, progress, cancellation);
    }

    /// <summary>Scores the other system, too, and sets it beside the outcome.</summary>
    static EvaluationOutcome Compared(EvaluationRequest request, EvaluationOutcome outcome, IProgress<EvaluationProgress>? progress,
        CancellationToken cancellation)
    {
        var others = request with
        {
            Models = request.Against, Against = [], TextPrecision = TextPrecision.Float32, QueryBank = null, Weights = null, FitCsv = null,
            FitAudio = null,
            Fusion = request.Fusion == FusionRule.None ? FusionRule.None : FusionRule.Mean,
        };
        var against = Run(others, progress, cancellation);
        if (!outcome.ClipNames.SequenceEqual(against.ClipNames) || !outcome.Texts.SequenceEqual(against.Texts))
            throw new OptionException($"--against: these rank {against.ClipNames.Count:N0} clips for {against.Texts.Count:N0} queries, "
                + $"those of --model {outcome.ClipNames.Count:N0} for {outcome.Texts.Count:N0}, or others; differences need the same ones. "
                + "Models with different caption rules, or clips that one of them cannot read, make such differences");
        return new(outcome.Systems, outcome.Texts, outcome.ClipNames, outcome.Relevance, outcome.Weights, outcome.Fitted, outcome.Skipped,
            outcome.Groups, against);
    }

    static void RequireAgreement(EvaluationRequest request, Dataset data)
    {
        var facts = new Dictionary<string, string>
        {
            ["data"] = data.Fingerprint(),
            ["--query-bank"] = request.QueryBank is { } bank ? Indexing.ContentHash.OfFile(bank) : "absent",
            ["--save-vectors"] = request.SaveVectors is null ? "absent" : "given",
            ["--text-precision"] = TextPrecisionName.Of(request.TextPrecision),
            ["--fit-weights"] = request.FitCsv is null ? "absent" : "given",
        };
        for (int i = 0; i < request.Models.Count; i++) facts[$"model {i + 1}"] = ModelFolder.Fingerprint(request.Models[i]);
        RankJob.RequireAgreement(request.Group, facts);
    }

    static WeightSearch? Fit(EvaluationRequest request, EnsembleScorer scorer)
    {
        if (request.FitCsv is null) return null;
        var scored = scorer.Score(Captioned(request.FitCsv, request.FitAudio ?? request.Audio),
            (kept, key) => Queries.Of(RetrievalTask.From(kept, request.Relevance, key)));
        return WeightSearch.Fit(scored.Models, scored.Queries.Relevance!);
    }

    static Dataset Captioned(string csv, string? audio, string? groupColumn = null) =>
        audio is null ? CaptionCsv.ReadCaptions(csv, ".", groupColumn) : CaptionCsv.Read(csv, audio, findings: null, groupColumn);

    /// <summary>Every sound of the folder, without captions.</summary>
    /// <param name="leftOut">Gets a message for each sound that will not be read.</param>
    static Dataset Sounds(EvaluationRequest request, List<string> leftOut, CancellationToken cancellation)
    {
        if (request.Audio is not { } folder) throw new OptionException($"{request.Csv} names no sounds; --audio says which folder to rank");
        var found = SoundFiles.Find([folder], cancellation);
        leftOut.AddRange(found.LeftOut.Where(left => left.Outcome != FileOutcome.Duplicate).Select(left => left.Message!));
        var clips = found.Files.Select(path => new Clip(Path.GetRelativePath(folder, path).Replace('\\', '/'), path, [], 0)).ToList();
        if (clips.Count == 0) throw new OptionException($"{folder} holds no sound file to rank");
        return new Dataset(request.Csv, clips);
    }
}
