using NativeRetrieval.Core.Ops;

namespace NativeRetrieval.Training.Settings;

/// <summary>Section <c>loss</c>: NT-Xent.</summary>
public sealed record LossSettings
{
    [Setting("temperature", Min = 0, AboveMin = true, Max = 100)]
    public double Temperature { get; init; } = 0.07;

    [Setting("which other items of a batch are right answers: none (paper), those of the same clip, or also those with the same caption; or these are dropped from the denominator")]
    public Positives Positives { get; init; } = Positives.Paper;

    [Setting("how the two directions are joined")]
    public LossScale LossScale { get; init; } = LossScale.Sum;

    public NtXentOptions NtXent => new(Temperature, Positives, LossScale);
}
