using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Indexing;

/// <summary>
/// Model and windows that an index was built with. They are fixed when it is created: vectors of other settings could not be compared.
/// </summary>
public sealed record IndexSettings
{
    const double LongestSeconds = 3600;

    /// <summary>Name of the model, for people.</summary>
    public required string ModelId { get; init; }

    /// <summary>SHA-256 of the model's weights and configuration, in hexadecimal.</summary>
    public required string ModelFingerprint { get; init; }

    /// <summary>Values per vector, 1 to 65,536.</summary>
    public required int Dimension { get; init; }

    /// <summary>
    /// Storage type of the vectors: Float32, the default, or BFloat16 for half the memory and time. Queries and sums are float32 either
    /// way, but rounding a row to bfloat16 moves its scores by up to 0.004, so near-equal hits may change places.
    /// </summary>
    public DType Element { get; init; } = DType.Float32;

    /// <summary>Length of one window, in seconds; more than 0, at most 3600.</summary>
    public required double WindowSeconds { get; init; }

    /// <summary>Distance between the starts of two windows, in seconds; more than 0, at most 3600.</summary>
    public required double HopSeconds { get; init; }

    internal IndexSettings Validated()
    {
        if (string.IsNullOrWhiteSpace(ModelId)) throw new OptionException("index settings: the model id is empty");
        if (string.IsNullOrWhiteSpace(ModelFingerprint)) throw new OptionException("index settings: the model fingerprint is empty");
        if (Dimension is < 1 or > 65_536) throw new OptionException($"index settings: dimension is {Dimension}; it must be 1 to 65,536");
        if (Element is not (DType.Float32 or DType.BFloat16))
            throw new OptionException($"index settings: vectors are {Element}; they must be Float32 or BFloat16");
        if (WindowSeconds is not (> 0 and <= LongestSeconds))
            throw new OptionException($"index settings: the window is {WindowSeconds} s; "
                + $"it must be more than 0 and at most {LongestSeconds}");
        if (HopSeconds is not (> 0 and <= LongestSeconds))
            throw new OptionException($"index settings: the hop is {HopSeconds} s; it must be more than 0 and at most {LongestSeconds}");
        return this;
    }
}
