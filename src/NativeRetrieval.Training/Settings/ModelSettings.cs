using NativeRetrieval.Core.Errors;
using NativeRetrieval.Encoders;

namespace NativeRetrieval.Training.Settings;

/// <summary>
/// Section <c>model</c>. Widths apply to parts trained from scratch; parts initialised from weights keep the weights' own.
/// </summary>
public sealed record ModelSettings
{
    /// <summary>Audio encoder when it is trained from scratch.</summary>
    [Setting("audio encoder when it is trained from scratch")]
    public AudioArchitecture AudioEncoder { get; init; } = PlainCnn.Cnn14;

    /// <summary>
    /// Output channels of a convolutional audio encoder's blocks in their order, when it is trained from scratch; null: the published ones.
    /// </summary>
    [Setting("output channels of the audio encoder's blocks in their order, when it is trained from scratch; null: the published ones",
        Min = 1, Max = 8192)]
    public IReadOnlyList<int>? AudioChannels { get; init; }

    /// <summary>Pooling of CNN14's last block, whatever its weights come from: 1x1 is PANNs' own form.</summary>
    [Setting("pooling of CNN14's last block, whatever its weights come from: 1x1 is PANNs' own form")]
    public Block6Pooling Block6Pooling { get; init; } = Block6Pooling.TwoByTwo;

    /// <summary>Dropout in the audio encoder, the share of values dropped.</summary>
    [Setting("dropout in the audio encoder, the share of values dropped", Min = 0, Max = 0.95)]
    public double AudioDropout { get; init; } = 0.2;

    /// <summary>Hidden width of the audio head; 0: no head, the encoder's vector is the embedding.</summary>
    [Setting("hidden width of the audio head; 0: no head, the encoder's vector is the embedding", Min = 0, Max = 65536)]
    public int AudioHeadWidth { get; init; } = 2048;

    /// <summary>Hidden width of the text head; 0: no head, the encoder's vector is the embedding.</summary>
    [Setting("hidden width of the text head; 0: no head, the encoder's vector is the embedding", Min = 0, Max = 65536)]
    public int TextHeadWidth { get; init; } = 2048;

    /// <summary>Dimension of the shared embedding space.</summary>
    [Setting("dimension of the shared embedding space", Min = 1, Max = 65536)]
    public int EmbeddingDimension { get; init; } = 1024;

    internal const string ChannelsKey = "model.audio_channels";

    /// <summary>The key that an encoder's channels had when each encoder had its own.</summary>
    internal static string OldChannelsKey(AudioArchitecture encoder) => $"model.{encoder.Key}_widths";

    /// <param name="source">Place of the value, for messages; null: unknown.</param>
    /// <exception cref="OptionException">The encoder has another number of blocks.</exception>
    internal static void ValidateChannels(AudioArchitecture encoder, IReadOnlyList<int>? channels, string? source = null)
    {
        if (channels is null || channels.Count == encoder.Channels.Count) return;
        string place = source is null ? "" : source + ": ";
        if (encoder.Channels.Count == 0)
            throw new OptionException($"{place}{ChannelsKey} = [{string.Join(", ", channels)}] is not allowed; "
                + $"{encoder.Key} has no channels to set: leave the setting out, its sizes are the published ones or those of its weights");
        throw new OptionException($"{place}{ChannelsKey} = [{string.Join(", ", channels)}] is not allowed; "
            + $"{encoder.Key} takes {encoder.Channels.Count} whole numbers, such as its published [{string.Join(", ", encoder.Channels)}]");
    }
}

/// <summary>Average pooling after the last block of CNN14.</summary>
public enum Block6Pooling
{
    /// <summary>The retrieval authors' form.</summary>
    TwoByTwo,

    /// <summary>PANNs' own form: no pooling there.</summary>
    OneByOne,
}
