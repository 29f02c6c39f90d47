namespace NativeRetrieval.Training.Settings;

/// <summary>What fills a batch of clips of different lengths.</summary>
public enum PaddingRule
{
    /// <summary>Frames past a clip's own length are masked: a clip's embedding does not depend on its batch.</summary>
    OwnLength,

    /// <summary>Waveforms are zero-padded to the longest of the batch and treated as sound, as published.</summary>
    Paper,
}
