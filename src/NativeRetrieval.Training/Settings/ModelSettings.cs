namespace NativeRetrieval.Training.Settings;

/// <summary>Section <c>model</c>. Widths apply to parts trained from scratch; parts initialised from weights keep the weights' own.</summary>
public sealed record ModelSettings
{
    [Setting("audio encoder when it is trained from scratch")]
    public AudioEncoderKind AudioEncoder { get; init; } = AudioEncoderKind.Cnn14;

    [Setting("channels of CNN14's six blocks", Min = 1, Max = 8192, Length = 6)]
    public IReadOnlyList<int> Cnn14Widths { get; init; } = [64, 128, 256, 512, 1024, 2048];

    [Setting("channels of ResNet38's stem, its four layers and its last block", Min = 1, Max = 8192, Length = 6)]
    public IReadOnlyList<int> Resnet38Widths { get; init; } = [64, 64, 128, 256, 512, 2048];

    [Setting("channels of CNN10's four blocks", Min = 1, Max = 8192, Length = 4)]
    public IReadOnlyList<int> Cnn10Widths { get; init; } = [64, 128, 256, 512];

    [Setting("channels of CNN6's four blocks", Min = 1, Max = 8192, Length = 4)]
    public IReadOnlyList<int> Cnn6Widths { get; init; } = [64, 128, 256, 512];

    [Setting("pooling of CNN14's last block, whatever its weights come from: 1x1 is PANNs' own form")]
    public Block6Pooling Block6Pooling { get; init; } = Block6Pooling.TwoByTwo;

    [Setting("dropout in the audio encoder, the share of values dropped", Min = 0, Max = 0.95)]
    public double AudioDropout { get; init; } = 0.2;

    [Setting("hidden width of the audio head", Min = 1, Max = 65536)]
    public int AudioHeadWidth { get; init; } = 2048;

    [Setting("hidden width of the text head", Min = 1, Max = 65536)]
    public int TextHeadWidth { get; init; } = 2048;

    [Setting("dimension of the shared embedding space", Min = 1, Max = 65536)]
    public int EmbeddingDimension { get; init; } = 1024;
}
