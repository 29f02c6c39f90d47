namespace NativeRetrieval.Training.Settings;

/// <summary>Average pooling after the last block of CNN14.</summary>
public enum Block6Pooling
{
    /// <summary>The retrieval authors' form.</summary>
    [SettingName("2x2")]
    TwoByTwo,

    /// <summary>PANNs' own form: no pooling there.</summary>
    [SettingName("1x1")]
    OneByOne,
}
