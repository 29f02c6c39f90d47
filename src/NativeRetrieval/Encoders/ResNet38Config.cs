using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Encoders;

/// <summary>Sizes and choices of a <see cref="ResNet38"/>: stem, four layers and last block. Dropout lies inside the blocks and between the parts. The defaults are PANNs' widths.</summary>
public sealed record ResNet38Config() : AudioEncoderConfig("ResNet38", [64, 64, 128, 256, 512, 2048])
{
    /// <exception cref="OptionException">A value is outside its range.</exception>
    public override void Validate() => Validate(blocks: 6, halvings: 5);
}
