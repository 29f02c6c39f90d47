namespace NativeRetrieval.Training.Settings;

/// <summary>The convolutional audio encoders: the first two are the report's.</summary>
public enum AudioEncoderKind
{
    Cnn14,

    [SettingName("resnet38")]
    ResNet38,

    Cnn10,

    Cnn6,
}
