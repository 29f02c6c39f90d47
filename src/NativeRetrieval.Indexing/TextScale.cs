using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing;

/// <summary>Scale of the cosines between vectors of texts, and the trust that the ranking by sound deserves in this index.</summary>
public sealed record TextScale
{
    /// <summary>Mean cosine of sentences about different sounds, by the text encoder alone.</summary>
    public required double Mean { get; init; }

    /// <summary>Standard deviation of these cosines, more than 0.</summary>
    public required double Deviation { get; init; }

    /// <summary>
    /// Agreement of sounds and texts, 0 to 1: the share of other files whose sound fits a file's text less than the file's own sound does,
    /// mean over a sample; 0.5 is chance. Null: too few files have texts to tell.
    /// </summary>
    public double? Agreement { get; init; }

    /// <summary>Files of the index when it was made.</summary>
    public required long Files { get; init; }

    /// <summary>
    /// Weight of the sound's score where it is fused with words and texts, 0 to 1: the square of the Gini coefficient 2·agreement − 1. A
    /// model that hears the sounds of an index at chance has none; one whose agreement is unknown is trusted.
    /// </summary>
    public double Trust => Agreement is { } agreement ? Math.Pow(Math.Max(0, 2 * agreement - 1), 2) : 1;

    internal TextScale Validated() =>
        double.IsFinite(Mean) && Deviation > 0 && double.IsFinite(Deviation) && Agreement is null or >= 0 and <= 1 && Files >= 0 ? this
            : throw new OptionException($"text scale: {this}; expected a finite mean, a deviation above 0, and an agreement of 0 to 1");
}
