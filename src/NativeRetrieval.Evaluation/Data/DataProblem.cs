namespace NativeRetrieval.Evaluation.Data;

/// <summary>A problem that training data may have.</summary>
public enum DataProblem
{
    /// <summary>A sound that the CSV names is not in the folder.</summary>
    MissingFile,

    /// <summary>A clip has no caption that holds text; it is left out.</summary>
    EmptyCaption,

    /// <summary>Two rows of one CSV give the same sound the same caption, or call it by two names.</summary>
    DuplicateFileName,

    /// <summary>A sound that cannot be decoded; it is left out.</summary>
    UnreadableFile,

    /// <summary>A sound file that is cut off or damaged; it is used as far as it could be decoded.</summary>
    DamagedFile,

    /// <summary>A file name of the training data occurs in the validation data.</summary>
    FileNameInBothSplits,

    /// <summary>Two clips have byte for byte the same sound file.</summary>
    DuplicateContent,

    /// <summary>A training and a validation clip have byte for byte the same sound file.</summary>
    ContentInBothSplits,

    /// <summary>Two clips have the same set of captions.</summary>
    DuplicateCaptions,

    /// <summary>A training and a validation clip have the same set of captions.</summary>
    CaptionsInBothSplits,

    /// <summary>A caption has more tokens than text.max_tokens; the rest is cut.</summary>
    LongCaption,

    /// <summary>No word of a caption is known to the text encoder, which learns nothing from it.</summary>
    UnknownCaption,

    /// <summary>A clip is shorter than the encoder takes (0.63 s); silence is put behind it.</summary>
    ShortClip,

    /// <summary>Nothing in a clip lies above the front end's floor.</summary>
    SilentClip,

    /// <summary>A clip is longer than audio.max_seconds; the rest is not used.</summary>
    LongClip,
}

/// <summary>The weight of a problem.</summary>
public enum DataSeverity
{
    /// <summary>Nothing is wrong: the settings ask for it.</summary>
    Note,

    /// <summary>Training goes on; a clip is left out, or results mean less than they seem to.</summary>
    Warning,

    /// <summary>Training refuses the data.</summary>
    Error,
}
