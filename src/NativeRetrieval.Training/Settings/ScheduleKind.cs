namespace NativeRetrieval.Training.Settings;

/// <summary>The course of the learning rate.</summary>
public enum ScheduleKind
{
    /// <summary>Divided every so many epochs (the report).</summary>
    Step,

    /// <summary>Rises over the warm-up steps, then falls to 0 along half a cosine.</summary>
    Cosine,
}
