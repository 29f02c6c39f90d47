using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Encoders;

/// <summary>CNN14 (PANNs) as the report uses it: six blocks of two 3x3 convolutions, <c>conv_block1</c> to <c>conv_block6</c>.</summary>
public sealed class Cnn14 : AudioEncoder
{
    /// <inheritdoc cref="AudioEncoder.Create"/>
    public Cnn14(Cnn14Config config, Device device, PhiloxSequence? random, DType dtype = DType.Float32) : base(config, device, dtype)
    {
        for (int i = 0, channels = 1; i < config.Channels.Count; channels = config.Channels[i++])
        {
            int window = i == config.Channels.Count - 1 && !config.PoolBlock6 ? 1 : 2;
            Stage($"conv_block{i + 1}", new ConvBlock(channels, config.Channels[i], window, config.Dropout, device, dtype, random));
        }
    }
}
