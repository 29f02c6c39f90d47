using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Encoders;

/// <summary>
/// ResNet38 (PANNs) as the report uses it: <c>conv_block1</c> with 2x2 pooling; <c>resnet.layer1</c> to <c>4</c> of 3, 4, 6 and 3 basic blocks, the
/// last three halving; another 2x2 pooling; <c>conv_block_after1</c>. Dropout is the same inside the blocks and between the parts.
/// </summary>
public sealed class ResNet38 : AudioEncoder
{
    static readonly int[] s_blocks = [3, 4, 6, 3];

    /// <inheritdoc cref="AudioEncoder.Create"/>
    public ResNet38(ResNet38Config config, Device device, PhiloxSequence? random, DType dtype = DType.Float32) : base(config, device, dtype)
    {
        var channels = config.Channels;
        Stage("conv_block1", new ConvBlock(1, channels[0], window: 2, config.Dropout, device, dtype, random));
        for (int i = 0; i < s_blocks.Length; i++)
            Stage($"resnet.layer{i + 1}", new ResNetLayer(channels[i], channels[i + 1], s_blocks[i], window: i == 0 ? 1 : 2, config.Dropout,
                isLast: i == s_blocks.Length - 1, device, dtype, random));
        Stage("conv_block_after1", new ConvBlock(channels[^2], channels[^1], window: 1, config.Dropout, device, dtype, random));
    }
}
