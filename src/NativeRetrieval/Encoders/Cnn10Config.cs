using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Encoders;

/// <summary>Sizes and choices of a <see cref="Cnn10"/>: four blocks. Dropout follows each. The defaults are PANNs' widths.</summary>
public sealed record Cnn10Config() : AudioEncoderConfig("CNN10", [64, 128, 256, 512])
{
    /// <exception cref="OptionException">A value is outside its range.</exception>
    public override void Validate() => Validate(blocks: 4, halvings: 4);
}
