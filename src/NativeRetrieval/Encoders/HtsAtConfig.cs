using System.Text.Json.Serialization;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Encoders;

/// <summary>
/// Sizes and choices of an <see cref="HtsAt"/>. The defaults are those of HTSAT-tiny in LAION's clap-htsat-unfused and in WavCaps'
/// HTSAT-BERT. Dropout follows the patches, the attention and the perceptron of each block; its default is 0.
/// </summary>
public sealed record HtsAtConfig : AudioEncoderConfig
{
    internal const string Key = "htsat";

    /// <summary>The configuration of HTSAT-tiny.</summary>
    public HtsAtConfig() : base(HtsAt.Architecture) => Dropout = 0;

    /// <summary>The wider and deeper form in LAION's larger_clap_general, HTSAT-base.</summary>
    public static HtsAtConfig Large { get; } = new() { PatchWidth = 128, Depths = [2, 2, 12, 2] };

    /// <summary>Height and width of the image that a spectrogram is folded into; a multiple of the mel bins.</summary>
    public int ImageSize { get; init; } = 256;

    /// <summary>Height and width of a patch; patches do not overlap.</summary>
    public int PatchSize { get; init; } = 4;

    /// <summary>Width of a patch's vector; each layer after the first doubles it.</summary>
    public int PatchWidth { get; init; } = 96;

    /// <summary>Blocks of each layer.</summary>
    public IReadOnlyList<int> Depths { get; init; } = [2, 2, 6, 2];

    /// <summary>Heads of the attention in each layer; they divide the layer's width.</summary>
    public IReadOnlyList<int> Heads { get; init; } = [4, 8, 16, 32];

    /// <summary>Height and width of the windows of the attention; every layer's grid is a multiple of it.</summary>
    public int Window { get; init; } = 8;

    /// <summary>Hidden width of a block's perceptron as a multiple of its width.</summary>
    public double MlpRatio { get; init; } = 4;

    /// <summary>True where queries, keys and values have biases.</summary>
    public bool QkvBias { get; init; } = true;

    /// <summary>ε of the norms inside the blocks; all others have 1e-5.</summary>
    public double LayerNormEpsilon { get; init; } = 1e-5;

    /// <inheritdoc/>
    [JsonIgnore]
    public override int Width => WidthOf(Depths.Count - 1);

    /// <inheritdoc/>
    [JsonIgnore]
    public override int? MostFrames => ImageSize / Math.Max(MelBins, 1) * ImageSize;

    /// <summary>Height and width of a layer's grid of tokens.</summary>
    internal int GridOf(int layer) => ImageSize / PatchSize >> layer;

    /// <summary>Width of a layer's tokens.</summary>
    internal int WidthOf(int layer) => PatchWidth << layer;

    /// <inheritdoc/>
    public override void Validate()
    {
        if (MelBins is < 1 or > MostMelBins || PatchSize < 1 || ImageSize is < 1 or > 4096 || ImageSize % MelBins != 0
            || ImageSize % PatchSize != 0)
            throw new OptionException($"{Name}'s image has a side of 1 … 4096, a multiple of the mel bins and of the patch; "
                + $"got {ImageSize} for {MelBins} mel bins and patches of {PatchSize}");
        if (Depths.Count is < 1 or > 8 || Heads.Count != Depths.Count || Depths.Any(depth => depth is < 1 or > 256))
            throw new OptionException($"{Name} has 1 … 8 layers of 1 … 256 blocks, and heads for each layer; "
                + $"got depths [{string.Join(", ", Depths.Take(9))}] and heads [{string.Join(", ", Heads.Take(9))}]");
        if (PatchWidth is < 1 or > 4096 || Window is < 1 or > 32)
            throw new OptionException(
                $"{Name}'s patch width must be 1 … 4096 and its window 1 … 32, got {PatchWidth} and {Window}");
        for (int layer = 0; layer < Depths.Count; layer++)
        {
            if (ImageSize / PatchSize != GridOf(layer) << layer || GridOf(layer) % Window != 0 || GridOf(layer) == 0)
                throw new OptionException($"{Name}'s windows of {Window} do not tile the grid of layer {layer}: "
                    + $"{ImageSize} / {PatchSize} tokens, halved {layer} times");
            if (Heads[layer] < 1 || WidthOf(layer) % Heads[layer] != 0)
                throw new OptionException($"{Name}'s {Heads[layer]} heads do not divide the width of layer {layer}, {WidthOf(layer)}");
        }
        if (MlpRatio is not (> 0 and <= 64) || (int)(MlpRatio * PatchWidth) < 1)
            throw new OptionException($"{Name}'s mlp_ratio must be above 0 and at most 64, got {MlpRatio}");
        if (LayerNormEpsilon is not (> 0 and < 1))
            throw new OptionException($"{Name}'s layer_norm_epsilon must be above 0 and below 1, got {LayerNormEpsilon}");
        base.Validate();
    }

    /// <summary>Equality of values.</summary>
    public bool Equals(HtsAtConfig? other) => base.Equals(other)
        && (ImageSize, PatchSize, PatchWidth, Window, MlpRatio, QkvBias, LayerNormEpsilon)
            == (other.ImageSize, other.PatchSize, other.PatchWidth, other.Window, other.MlpRatio, other.QkvBias, other.LayerNormEpsilon)
        && Depths.SequenceEqual(other.Depths) && Heads.SequenceEqual(other.Heads);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), ImageSize, PatchWidth, Window, Depths.Sum());
}

[JsonDerivedType(typeof(HtsAtConfig), HtsAtConfig.Key)]
public abstract partial record AudioEncoderConfig;
