namespace NativeRetrieval.Encoders;

/// <summary>How the vectors of a sentence's tokens become one.</summary>
public enum TextPooling : byte
{
    /// <summary>The last layer's vector of [CLS], as in the report.</summary>
    Cls,

    /// <summary>The mean over the sentence's own tokens, [CLS] and [SEP] included, as in sentence-transformers.</summary>
    Mean,
}
