namespace NativeRetrieval.Models;

/// <summary>What fills a batch of clips of different lengths.</summary>
public enum PaddingRule : byte
{
    /// <summary>Nothing that could be heard: frames behind a clip's end are masked at every depth, and the vector is the clip's alone.</summary>
    OwnLength,

    /// <summary>Digital silence up to the batch's longest clip, as the report did; the vector depends on the batch.</summary>
    Paper,
}
