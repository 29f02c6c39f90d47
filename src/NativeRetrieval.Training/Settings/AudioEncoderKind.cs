namespace NativeRetrieval.Training.Settings;

/// <summary>The two convolutional audio encoders of the report.</summary>
public enum AudioEncoderKind
{
    Cnn14,

    [SettingName("resnet38")]
    ResNet38,
}
