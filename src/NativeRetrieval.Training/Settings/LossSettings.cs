using NativeRetrieval.Core.Ops;

namespace NativeRetrieval.Training.Settings;

/// <summary>Section <c>loss</c>: NT-Xent.</summary>
public sealed record LossSettings
{
    /// <summary>Temperature.</summary>
    [Setting("temperature", Min = 0, AboveMin = true, Max = 100)]
    public double Temperature { get; init; } = 0.07;

    /// <summary>
    /// Other items of a batch that are right answers: none (paper), those of the same clip, or also those with the same caption; or these
    /// are dropped from the denominator.
    /// </summary>
    [Setting("which other items of a batch are right answers: none (paper), those of the same clip, or also those with the same "
        + "caption; or these are dropped from the denominator")]
    public Positives Positives { get; init; } = Positives.Paper;

    /// <summary>Joining of the two directions, sound to text and text to sound.</summary>
    [Setting("how the two directions are joined")]
    public LossScale LossScale { get; init; } = LossScale.Sum;

    /// <summary>The loss as an argument of its op.</summary>
    public NtXentOptions NtXent => new(Temperature, Positives, LossScale);
}
