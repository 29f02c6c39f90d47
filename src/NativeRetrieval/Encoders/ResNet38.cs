using System.Text.Json.Serialization;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Encoders;

/// <summary>
/// ResNet38 (Kong et al. 2020) as the report uses it: <c>conv_block1</c> with 2x2 pooling; <c>resnet.layer1</c> to <c>4</c> of 3, 4, 6 and
/// 3 basic blocks, the last three halving; another 2x2 pooling; <c>conv_block_after1</c>. Dropout is the same inside the blocks and between
/// the parts.
/// </summary>
public sealed class ResNet38 : ConvolutionalEncoder
{
    static readonly int[] _blocks = [3, 4, 6, 3];

    internal ResNet38(ResNet38Config config, Device device, PhiloxSequence? random, DType dtype) : base(config, device, dtype)
    {
        var channels = config.Channels;
        Stage("conv_block1", new ConvBlock(1, channels[0], convolutions: 2, kernel: 3, window: 2, config.Dropout, device, dtype, random));
        for (int i = 0; i < _blocks.Length; i++)
            Stage($"resnet.layer{i + 1}", new ResNetLayer(channels[i], channels[i + 1], _blocks[i], window: i == 0 ? 1 : 2, config.Dropout,
                isLast: i == _blocks.Length - 1, device, dtype, random));
        Stage("conv_block_after1",
            new ConvBlock(channels[^2], channels[^1], convolutions: 2, kernel: 3, window: 1, config.Dropout, device, dtype, random));
    }

    /// <summary>ResNet38; its channels are those of the stem, the four layers and the last block.</summary>
    public static AudioArchitecture Architecture { get; } = AudioArchitecture.Of<ResNet38Config>(ResNet38Config.Key, "ResNet38",
        [64, 64, 128, 256, 512, 2048], (config, device, random, dtype) => new ResNet38(config, device, random, dtype));
}

/// <summary>
/// Sizes and choices of a <see cref="ResNet38"/>. Dropout lies inside the blocks and between the parts. The defaults are PANNs'.
/// </summary>
public sealed record ResNet38Config() : ConvolutionalEncoderConfig(ResNet38.Architecture)
{
    internal const string Key = "resnet38";

    internal override int Halvings => 5;
}

[JsonDerivedType(typeof(ResNet38Config), ResNet38Config.Key)]
public abstract partial record AudioEncoderConfig;
