using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Metrics;

namespace NativeRetrieval.Evaluation.Vectors;

/// <summary>The vectors that one model makes of a data set: all that an evaluation needs.</summary>
/// <param name="Width">Length of a vector.</param>
/// <param name="ClipNames">File names of the clips, in order.</param>
/// <param name="Clips">Vectors of the clips, [clips, Width], row-major.</param>
/// <param name="Texts">Distinct captions and queries as written.</param>
/// <param name="TextVectors">Vectors of the texts, [texts, Width], row-major.</param>
public sealed record EvaluationVectors(int Width, IReadOnlyList<string> ClipNames, float[] Clips, IReadOnlyList<string> Texts,
    float[] TextVectors)
{
    /// <summary>Cosine of every given text with every clip.</summary>
    /// <exception cref="OptionException">There is no vector of one of the texts.</exception>
    public SimilarityMatrix Score(IReadOnlyList<string> texts)
    {
        if (Texts.SequenceEqual(texts, StringComparer.Ordinal)) return SimilarityMatrix.Cosine(TextVectors, Clips, Width);
        var rowOf = new Dictionary<string, int>(Texts.Count, StringComparer.Ordinal);
        for (int i = 0; i < Texts.Count; i++) rowOf[Texts[i]] = i;
        var rows = new float[texts.Count * Width];
        for (int i = 0; i < texts.Count; i++)
        {
            if (!rowOf.TryGetValue(texts[i], out int row))
                throw new OptionException($"there is no vector of the text \"{texts[i]}\"; save the vectors again with --save-vectors");
            TextVectors.AsSpan(row * Width, Width).CopyTo(rows.AsSpan(i * Width));
        }
        return SimilarityMatrix.Cosine(rows, Clips, Width);
    }
}
