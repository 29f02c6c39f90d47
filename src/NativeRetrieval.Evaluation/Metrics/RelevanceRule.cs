namespace NativeRetrieval.Evaluation.Metrics;

/// <summary>The rule for right answers in an evaluation.</summary>
public enum RelevanceRule
{
    /// <summary>Every caption of every clip is a query; its own clip is the one relevant item.</summary>
    Own,

    /// <summary>Every distinct caption is one query; every clip whose row carries it is relevant.</summary>
    SameText,
}
