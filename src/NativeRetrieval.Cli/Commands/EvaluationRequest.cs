using NativeRetrieval.Core.Devices;
using NativeRetrieval.Evaluation.Fusion;
using NativeRetrieval.Evaluation.Metrics;

namespace NativeRetrieval.Cli.Commands;

/// <summary>What <c>evaluate</c> is asked for.</summary>
internal sealed record EvaluationRequest
{
    public required string Csv { get; init; }

    /// <summary>Folder of the sounds; null only with <see cref="Vectors"/>.</summary>
    public required string? Audio { get; init; }

    public required IReadOnlyList<string> Models { get; init; }

    public required FusionRule Fusion { get; init; }

    /// <summary>Given weights; null: fitted on <see cref="FitCsv"/> or none.</summary>
    public required IReadOnlyList<double>? Weights { get; init; }

    public required string? FitCsv { get; init; }

    public required string? FitAudio { get; init; }

    public required RelevanceRule Rule { get; init; }

    /// <summary>File of relevant clips; null: by <see cref="Rule"/>.</summary>
    public required string? RelevanceFile { get; init; }

    /// <summary>Where the models run.</summary>
    public required Device Device { get; init; }

    public required string Cache { get; init; }

    /// <summary>Folder to take vectors from.</summary>
    public required string? Vectors { get; init; }

    /// <summary>Folder to keep vectors in.</summary>
    public required string? SaveVectors { get; init; }
}

/// <summary>What came of it.</summary>
/// <param name="Relevance">Null where the queries have no known answers.</param>
/// <param name="Weights">Of the models, with weighted fusion.</param>
/// <param name="Fitted">How the weights were found, if they were.</param>
internal sealed record EvaluationOutcome(FusedScores Scores, IReadOnlyList<string> Texts, IReadOnlyList<string> ClipNames, Relevance? Relevance,
    IReadOnlyList<double>? Weights, WeightSearch? Fitted, IReadOnlyList<string> Skipped);
