using NativeRetrieval.Training.Loop;

namespace NativeRetrieval.Training.Tests.Loop;

/// <summary>Does something once, after so many batches of a run.</summary>
internal sealed class AfterBatches(int batches, Action act) : IProgress<TrainingProgress>
{
    int _seen;

    /// <summary>The end of a run without a word of goodbye.</summary>
    public static AfterBatches Die(int batches) => new(batches, () => throw new InvalidOperationException("killed"));

    public void Report(TrainingProgress value)
    {
        if (value.Phase == TrainingPhase.Training && ++_seen == batches) act();
    }
}
