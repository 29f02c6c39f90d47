namespace NativeRetrieval.Training.Data;

/// <summary>The items that one epoch goes through.</summary>
public enum CaptionSampling
{
    /// <summary>Every caption once, with its clip, as in the report: Clotho has 19,195 items an epoch.</summary>
    All,

    /// <summary>Every clip once, with one of its captions drawn anew each epoch.</summary>
    OnePerClip,
}
