namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>Source, target and options of a conversion.</summary>
public sealed record ConversionRequest
{
    /// <summary>A checkpoint file, or a folder that holds one under its Hugging Face name.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>The model folder to make; it must be absent or empty.</summary>
    public required string Target { get; init; }

    /// <summary>Lines about source and licence for the model card of a whole model or an audio encoder; null: none are known.</summary>
    public string? Origin { get; init; }

    /// <summary>Name map to follow; null: the one that fits.</summary>
    public string? Map { get; init; }

    /// <summary>
    /// Beginning of the names to take, in whole words, where a checkpoint holds a model more than once (<c>model</c>, <c>ema_model</c>);
    /// empty: names that begin with no word of a training program; null: all.
    /// </summary>
    public string? Prefix { get; init; }

    /// <summary>Vocabulary or tokenizer file, or a folder with a tokenizer; null: that of the checkpoint's folder.</summary>
    public string? Vocabulary { get; init; }

    /// <summary>True if block 6 of a CNN14 pools 2 x 2, false if 1 x 1; null: as usual for the checkpoint's form.</summary>
    public bool? PoolBlock6 { get; init; }

    /// <summary>
    /// Name of the front end of an audio encoder; null: the one whose Fourier kernels and mel matrix the checkpoint stores, else 32k.
    /// </summary>
    public string? FrontEnd { get; init; }

    /// <summary>Form in which the folder stores the weights.</summary>
    public WeightForm Weights { get; init; }

    /// <summary>Attention heads of a text encoder, which its weights do not show; null: from <c>config.json</c>, else width / 64.</summary>
    public int? Heads { get; init; }
}
