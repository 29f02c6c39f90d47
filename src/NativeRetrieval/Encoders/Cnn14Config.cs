using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Encoders;

/// <summary>Sizes and choices of a <see cref="Cnn14"/>: six blocks. The defaults are the report's; dropout follows each block.</summary>
public sealed record Cnn14Config() : AudioEncoderConfig("CNN14", [64, 128, 256, 512, 1024, 2048])
{
    /// <summary>True: block 6 pools 2 x 2 (the report's public code). False: 1 x 1 (PANNs).</summary>
    public bool PoolBlock6 { get; init; } = true;

    /// <exception cref="OptionException">A value is outside its range.</exception>
    public override void Validate() => Validate(blocks: 6, halvings: PoolBlock6 ? 6 : 5);
}
