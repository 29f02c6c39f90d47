namespace NativeRetrieval.Models;

/// <summary>Vectors of sentences, row-major, each of length 1.</summary>
/// <param name="Vectors">In the space of sounds, [count, D].</param>
/// <param name="Encoded">
/// By the text encoder alone, [count, its width]: sentences are compared with each other there, because the head was trained to
/// compare them with sounds.
/// </param>
public sealed record TextVectors(float[] Vectors, float[] Encoded)
{
    /// <summary>Precision of the text encoder that made them.</summary>
    public TextPrecision Precision { get; init; }
}
