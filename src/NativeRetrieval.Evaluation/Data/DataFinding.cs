namespace NativeRetrieval.Evaluation.Data;

/// <summary>One problem and where it occurs.</summary>
/// <param name="Count">Number of occurrences.</param>
/// <param name="Examples">Places of the first few occurrences.</param>
public sealed record DataFinding(DataProblem Problem, int Count, IReadOnlyList<string> Examples)
{
    /// <summary>The weight of the problem.</summary>
    public DataSeverity Severity => Problem switch
    {
        DataProblem.MissingFile or DataProblem.EmptyCaption or DataProblem.DuplicateFileName => DataSeverity.Error,
        DataProblem.LongClip or DataProblem.DuplicateCaptions or DataProblem.CaptionsInBothSplits => DataSeverity.Note,
        _ => DataSeverity.Warning,
    };

    /// <summary>The finding as a sentence for people, such as <c>2 sound files are missing</c>.</summary>
    public string Summary => (Count == 1, Problem) switch
    {
        (var one, DataProblem.MissingFile) => $"{Count:N0} sound {(one ? "file is" : "files are")} missing",
        (var one, DataProblem.EmptyCaption) => $"{Count:N0} {(one ? "clip has" : "clips have")} no caption",
        (var one, DataProblem.DuplicateFileName) =>
            $"{Count:N0} {(one ? "row repeats" : "rows repeat")} a caption of the same sound, "
                + $"or {(one ? "calls" : "call")} it by another name; give each caption of a sound once, under one name",
        (var one, DataProblem.UnreadableFile) =>
            $"{Count:N0} sound {(one ? "file" : "files")} cannot be decoded and {(one ? "is" : "are")} left out",
        (var one, DataProblem.DamagedFile) =>
            $"{Count:N0} sound {(one ? "file is" : "files are")} cut off or damaged and used as far as {(one ? "it goes" : "they go")}",
        (var one, DataProblem.FileNameInBothSplits) =>
            $"{Count:N0} file {(one ? "name occurs" : "names occur")} in training and validation",
        (var one, DataProblem.DuplicateContent) => $"{Count:N0} {(one ? "clip has" : "clips have")} exactly the sound of an earlier one",
        (var one, DataProblem.ContentInBothSplits) =>
            $"{Count:N0} validation {(one ? "clip has" : "clips have")} exactly the sound of a training clip: "
                + "scores will look better than they are",
        (var one, DataProblem.DuplicateCaptions) =>
            $"{Count:N0} {(one ? "clip has" : "clips have")} the same captions as an earlier one; "
                + "loss.positives=same-text or dropped keeps such clips from being each other's negatives",
        (var one, DataProblem.CaptionsInBothSplits) =>
            $"{Count:N0} validation {(one ? "clip has" : "clips have")} the same captions as a training clip",
        (var one, DataProblem.LongCaption) => $"{Count:N0} {(one ? "caption is" : "captions are")} longer than text.max_tokens and cut",
        (var one, DataProblem.UnknownCaption) =>
            $"{Count:N0} {(one ? "caption has" : "captions have")} no word that the text encoder knows, only [UNK] or nothing",
        (var one, DataProblem.ShortClip) => $"{Count:N0} {(one ? "clip is" : "clips are")} shorter than 0.63 s and followed by silence",
        (var one, DataProblem.SilentClip) => $"{Count:N0} {(one ? "clip is" : "clips are")} silent",
        (var one, _) => $"{Count:N0} {(one ? "clip is" : "clips are")} longer than audio.max_seconds and cut",
    };
}
