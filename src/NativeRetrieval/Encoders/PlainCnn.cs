using System.Text.Json.Serialization;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Encoders;

/// <summary>
/// CNN6, CNN10 and CNN14 (Kong et al. 2020): <c>conv_block1</c>, <c>conv_block2</c> …, each of one or two convolutions with batch norm and
/// ReLU, then 2x2 average pooling and dropout.
/// </summary>
public sealed class PlainCnn : ConvolutionalEncoder
{
    internal PlainCnn(PlainCnnConfig config, Device device, PhiloxSequence? random, DType dtype) : base(config, device, dtype)
    {
        for (int i = 0, channels = 1; i < config.Channels.Count; channels = config.Channels[i++])
            Stage($"conv_block{i + 1}", new ConvBlock(channels, config.Channels[i], config.Convolutions, config.Kernel,
                window: i < config.Halvings ? 2 : 1, config.Dropout, device, dtype, random));
    }

    /// <summary>CNN14: six blocks of two 3x3 convolutions.</summary>
    public static AudioArchitecture Cnn14 { get; } =
        AudioArchitecture.Of<Cnn14Config>(Cnn14Config.Key, "CNN14", [64, 128, 256, 512, 1024, 2048], Create);

    /// <summary>CNN10: four blocks of two 3x3 convolutions.</summary>
    public static AudioArchitecture Cnn10 { get; } =
        AudioArchitecture.Of<Cnn10Config>(Cnn10Config.Key, "CNN10", [64, 128, 256, 512], Create);

    /// <summary>CNN6: four blocks of one 5x5 convolution.</summary>
    public static AudioArchitecture Cnn6 { get; } =
        AudioArchitecture.Of<Cnn6Config>(Cnn6Config.Key, "CNN6", [64, 128, 256, 512], Create);

    static PlainCnn Create(PlainCnnConfig config, Device device, PhiloxSequence? random, DType dtype) => new(config, device, random, dtype);
}

/// <summary>Sizes and choices of a <see cref="PlainCnn"/>. Dropout follows each block.</summary>
public abstract record PlainCnnConfig : ConvolutionalEncoderConfig
{
    private protected PlainCnnConfig(AudioArchitecture architecture, int convolutions, int kernel) : base(architecture) =>
        (Convolutions, Kernel) = (convolutions, kernel);

    /// <summary>Convolutions of a block.</summary>
    internal int Convolutions { get; }

    /// <summary>Height and width of a convolution's kernel.</summary>
    internal int Kernel { get; }

    /// <summary>Number of blocks that pool: all of them.</summary>
    internal override int Halvings => Architecture.Channels.Count;
}

/// <summary>Sizes and choices of CNN14. The defaults are the report's.</summary>
public sealed record Cnn14Config() : PlainCnnConfig(PlainCnn.Cnn14, convolutions: 2, kernel: 3)
{
    internal const string Key = "cnn14";

    /// <summary>True: block 6 pools 2 x 2 (the report's public code). False: 1 x 1 (PANNs).</summary>
    public bool PoolBlock6 { get; init; } = true;

    internal override int Halvings => PoolBlock6 ? 6 : 5;
}

/// <summary>Sizes and choices of CNN10. The defaults are PANNs'.</summary>
public sealed record Cnn10Config() : PlainCnnConfig(PlainCnn.Cnn10, convolutions: 2, kernel: 3)
{
    internal const string Key = "cnn10";
}

/// <summary>Sizes and choices of CNN6. The defaults are PANNs'.</summary>
public sealed record Cnn6Config() : PlainCnnConfig(PlainCnn.Cnn6, convolutions: 1, kernel: 5)
{
    internal const string Key = "cnn6";
}

[JsonDerivedType(typeof(Cnn14Config), Cnn14Config.Key)]
[JsonDerivedType(typeof(Cnn10Config), Cnn10Config.Key)]
[JsonDerivedType(typeof(Cnn6Config), Cnn6Config.Key)]
public abstract partial record AudioEncoderConfig;
