using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Fusion;
using NativeRetrieval.Evaluation.Metrics;
using NativeRetrieval.Models;

namespace NativeRetrieval.Evaluation;

/// <summary>An evaluation to run: a data set, the models to score, and how their scores are joined.</summary>
public sealed record EvaluationRequest
{
    /// <summary>
    /// Caption file in Clotho's or AudioCaps' layout; or queries without answers, for which all sounds of <see cref="Audio"/> are ranked.
    /// </summary>
    public required string Csv { get; init; }

    /// <summary>Folder of the sounds; null only with <see cref="Vectors"/>.</summary>
    public string? Audio { get; init; }

    /// <summary>
    /// Model folders, at least one. Several make an ensemble or, by <see cref="FusionRule.None"/>, are measured each for itself; the first
    /// one's caption rule makes the queries.
    /// </summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>
    /// Model folders of another system to compare with, fused by the mean of their cosines, or not fused where <see cref="Fusion"/> is
    /// <see cref="FusionRule.None"/>; none: nothing is compared.
    /// </summary>
    public IReadOnlyList<string> Against { get; init; } = [];

    /// <summary>Rule by which an ensemble's scores are joined. Default <see cref="FusionRule.Mean"/>.</summary>
    public FusionRule Fusion { get; init; } = FusionRule.Mean;

    /// <summary>
    /// Weights of the models, at least 0, together 1, for <see cref="FusionRule.Weighted"/>; null: fitted on <see cref="FitCsv"/>, or none.
    /// </summary>
    public IReadOnlyList<double>? Weights { get; init; }

    /// <summary>Caption file on which the weights are fitted, never that of the test set; null: they are not fitted.</summary>
    public string? FitCsv { get; init; }

    /// <summary>Folder of the sounds of <see cref="FitCsv"/>; null: <see cref="Audio"/>.</summary>
    public string? FitAudio { get; init; }

    /// <summary>Rule for right answers. Default <see cref="RelevanceRule.Own"/>.</summary>
    public RelevanceRule Relevance { get; init; } = RelevanceRule.Own;

    /// <summary>
    /// File of queries and the clips that answer them, which replaces the captions as queries; null: by <see cref="Relevance"/>.
    /// </summary>
    public string? RelevanceFile { get; init; }

    /// <summary>
    /// Column of <see cref="Csv"/> that names a clip's group, for intervals by a bootstrap of whole groups; null: queries count as
    /// independent.
    /// </summary>
    public string? GroupColumn { get; init; }

    /// <summary>
    /// File of sentences by which clips that are near to almost any are taken down (<see cref="Indexing.QueryBank"/>), read by
    /// <see cref="Data.QueryBankFile"/>; never the queries themselves. Models of <see cref="Against"/> are scored without it. Null: none.
    /// </summary>
    public string? QueryBank { get; init; }

    /// <summary>Device that the models run on. Default: the CPU.</summary>
    public Device Device { get; init; } = CpuDevice.Shared;

    /// <summary>
    /// Precision of the text encoders of <see cref="Models"/>; those of <see cref="Against"/> are in float32. Default
    /// <see cref="TextPrecision.Float32"/>.
    /// </summary>
    public TextPrecision TextPrecision { get; init; }

    /// <summary>
    /// Ranks that embed the sounds and queries together, this one among them; null: one alone. Each makes its own request and gets all
    /// figures; the first one alone saves vectors.
    /// </summary>
    public IProcessGroup? Group { get; init; }

    /// <summary>Folder in which decoded features are kept; runs may share it.</summary>
    public required string FeatureCache { get; init; }

    /// <summary>Folder to take saved vectors from; a model without any there is run. Null: every model is run.</summary>
    public string? Vectors { get; init; }

    /// <summary>Folder to save vectors in, for <see cref="Vectors"/> of later evaluations; null: they are not saved.</summary>
    public string? SaveVectors { get; init; }

    /// <summary>Checks what can be checked before anything is read.</summary>
    /// <exception cref="OptionException">Parts of the request are missing or contradict each other.</exception>
    public void Validate()
    {
        bool weighted = Fusion == FusionRule.Weighted;
        if (weighted && (Weights is null) == (FitCsv is null))
            throw new OptionException("--fusion weighted takes either --weights or --fit-weights");
        if (!weighted && (Weights is not null || FitCsv is not null))
            throw new OptionException("--weights and --fit-weights belong to --fusion weighted");
        if (Audio is null && Vectors is null)
            throw new OptionException("say where the sounds are by --audio, or where saved vectors are by --vectors");
        if (Models.Count == 0) throw new OptionException("there is no model to evaluate; name at least one by --model");
        if (TextPrecision != TextPrecision.Float32 && (Vectors is not null || SaveVectors is not null))
            throw new OptionException("saved vectors are those of float32; leave out --text-precision, or --vectors and --save-vectors");
        if (Against.Count > 0 && (Vectors is not null || SaveVectors is not null))
            throw new OptionException("--against runs its models; leave out --vectors and --save-vectors");
        if (Weights is not null) ScoreFusion.RequireWeights(Weights, Models.Count);
    }
}

/// <summary>The result of an evaluation.</summary>
/// <param name="Systems">Scores of every query against every clip and the other way round: one system's, those of an ensemble fused; by
/// <see cref="FusionRule.None"/> those of every model.</param>
/// <param name="Texts">Queries as written, one for each row of the scores.</param>
/// <param name="ClipNames">File names of the clips, one for each column of the scores.</param>
/// <param name="Relevance">Right answers of the queries; null where none are known.</param>
/// <param name="Weights">Weights of the models, with weighted fusion; else null.</param>
/// <param name="Fitted">Search by which the weights were found; null where they were not fitted.</param>
/// <param name="Skipped">One message for each clip that cannot be decoded and was left out.</param>
/// <param name="Groups">Groups by which intervals are computed; null: queries count as independent.</param>
/// <param name="Against">Outcome of the system that is compared with; null: nothing is compared.</param>
public sealed record EvaluationOutcome(IReadOnlyList<FusedScores> Systems, IReadOnlyList<string> Texts, IReadOnlyList<string> ClipNames,
    Relevance? Relevance, IReadOnlyList<double>? Weights, WeightSearch? Fitted, IReadOnlyList<string> Skipped, QueryGroups? Groups = null,
    EvaluationOutcome? Against = null)
{
    /// <summary>Scores of the system; of the first where there are several.</summary>
    public FusedScores Scores => Systems[0];

    /// <summary>
    /// Recall, precision and ranks in both directions, the means over the systems where there are several; null where no right answers
    /// are known.
    /// </summary>
    public EvaluationReport? Report { get; } = Relevance is null ? null : EvaluationReport.Compute(Systems, Relevance, Groups);

    /// <summary>Figures less those of <see cref="Against"/>; null where nothing is compared.</summary>
    public EvaluationComparison? Comparison { get; } =
        Relevance is null || Against is null ? null : EvaluationComparison.Compute(Systems, Against.Systems, Relevance, Groups);

    /// <summary>
    /// The queries whose best right answer ranks worst in <see cref="Scores"/>, worst first; none where no right answers are known.
    /// </summary>
    /// <param name="count">Most queries to find.</param>
    public IReadOnlyList<HardQuery> Hardest(int count) => Relevance is null ? [] : HardQuery.Find(Scores.TextToAudio, Relevance, count);
}
