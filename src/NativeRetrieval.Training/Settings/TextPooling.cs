namespace NativeRetrieval.Training.Settings;

/// <summary>How the text encoder's last layer becomes one vector.</summary>
public enum TextPooling
{
    /// <summary>The first token's output (the report).</summary>
    Cls,

    /// <summary>The mean over real tokens (sentence-transformers).</summary>
    Mean,
}
