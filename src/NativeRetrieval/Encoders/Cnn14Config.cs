using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Encoders;

/// <summary>Sizes and choices of a <see cref="Cnn14"/>. The defaults are the report's.</summary>
public sealed record Cnn14Config
{
    /// <summary>Output channels of the six blocks; the last is the width of the embedding. Pruned models have any widths ≥ 1.</summary>
    public IReadOnlyList<int> Channels { get; init; } = [64, 128, 256, 512, 1024, 2048];

    /// <summary>Mel bins of the input, at least 32 (64 when block 6 pools 2 x 2).</summary>
    public int MelBins { get; init; } = 64;

    /// <summary>True: block 6 pools 2 x 2 (the report's public code). False: 1 x 1 (PANNs).</summary>
    public bool PoolBlock6 { get; init; } = true;

    /// <summary>Dropout after each block, in [0, 1).</summary>
    public double Dropout { get; init; } = 0.2;

    public void Validate()
    {
        if (Channels.Count != 6 || Channels.Any(c => c < 1))
            throw new OptionException($"CNN14 has six blocks of at least one channel; got widths [{string.Join(", ", Channels)}]");
        int least = PoolBlock6 ? 64 : 32;
        if (MelBins < least) throw new OptionException($"CNN14 halves the mel axis in every pooling and needs at least {least} bins, got {MelBins}");
        if (Dropout is not (>= 0 and < 1)) throw new OptionException($"CNN14's dropout must be in [0, 1), got {Dropout}");
    }

    public bool Equals(Cnn14Config? other) => other is not null && Channels.SequenceEqual(other.Channels) && MelBins == other.MelBins
        && PoolBlock6 == other.PoolBlock6 && Dropout.Equals(other.Dropout);

    public override int GetHashCode() => HashCode.Combine(Channels.Count, Channels[^1], MelBins, PoolBlock6, Dropout);
}
