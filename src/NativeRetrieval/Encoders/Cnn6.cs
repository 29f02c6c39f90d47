using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Encoders;

/// <summary>CNN6 (PANNs): four blocks of one 5x5 convolution, each pooled 2x2, <c>conv_block1</c> to <c>conv_block4</c>.</summary>
public sealed class Cnn6 : AudioEncoder
{
    /// <inheritdoc cref="AudioEncoder.Create"/>
    public Cnn6(Cnn6Config config, Device device, PhiloxSequence? random, DType dtype = DType.Float32) : base(config, device, dtype)
    {
        for (int i = 0, channels = 1; i < config.Channels.Count; channels = config.Channels[i++])
            Stage($"conv_block{i + 1}", new ConvBlock(channels, config.Channels[i], window: 2, config.Dropout, device, dtype, random, layers: 1, kernel: 5));
    }
}
