namespace NativeRetrieval.Evaluation;

/// <summary>The work that an evaluation is at; every model that is run goes through both phases.</summary>
public enum EvaluationPhase
{
    /// <summary>Clips are decoded into the feature cache.</summary>
    Features,

    /// <summary>The model computes the vectors of clips and texts.</summary>
    Embedding,
}

/// <summary>
/// The progress of an evaluation, reported at the start of a phase with 0 clips done, and after every clip or batch, from any thread.
/// </summary>
/// <param name="Done">Clips of this phase done.</param>
/// <param name="Total">Clips of this phase.</param>
public sealed record EvaluationProgress(EvaluationPhase Phase, int Done, int Total);
