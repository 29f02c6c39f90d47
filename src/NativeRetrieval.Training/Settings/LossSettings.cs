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

    /// <summary>
    /// Share of the loss that is the cross-entropy against the teachers' scores, 0 to 1, the rest being NT-Xent; for a run with
    /// teachers.
    /// </summary>
    [Setting("with teachers: share of the loss that is the cross-entropy against their scores, the rest being NT-Xent", Min = 0, Max = 1)]
    public double TeacherWeight { get; init; } = 0.5;

    /// <summary>Temperature of the teachers' scores; 0: <see cref="Temperature"/>.</summary>
    [Setting("with teachers: temperature of their scores; 0: loss.temperature", Min = 0, Max = 100)]
    public double TeacherTemperature { get; init; }

    /// <summary>The loss as an argument of its op.</summary>
    public NtXentOptions NtXent => new(Temperature, Positives, LossScale);

    /// <summary>The teachers' part of the loss as an argument of its op.</summary>
    public DistillationOptions Distillation => new(Temperature, TeacherTemperature > 0 ? TeacherTemperature : Temperature, LossScale);
}
