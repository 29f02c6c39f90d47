namespace NativeRetrieval.Evaluation.Fusion;

/// <summary>The rule by which the scores of several models become one ranking.</summary>
public enum FusionRule
{
    /// <summary>Mean of the cosines: what DCASE's ensembles do.</summary>
    Mean,

    /// <summary>Weighted mean of the cosines; the weights are at least 0 and sum to 1.</summary>
    Weighted,

    /// <summary>Reciprocal rank fusion: Σ over models of 1 / (60 + rank). Scores of models need not be comparable.</summary>
    Rank,
}
