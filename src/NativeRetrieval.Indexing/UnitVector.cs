using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing;

/// <summary>Scales vectors to length 1, so that their dot product is the cosine.</summary>
internal static class UnitVector
{
    /// <param name="subject">Names the vector in an error.</param>
    /// <exception cref="IndexException">The vector has another dimension than <paramref name="unit"/>, holds NaN or infinity, or is
    /// zero.</exception>
    public static void Of(ReadOnlySpan<float> vector, Span<float> unit, Func<string> subject)
    {
        if (vector.Length != unit.Length)
            throw new IndexException($"{subject()}: the vector has {vector.Length} values, the index {unit.Length}");
        double sum = 0;
        for (int i = 0; i < vector.Length; i++)
        {
            if (!float.IsFinite(vector[i]))
                throw new IndexException($"{subject()}: value {i} of the vector is {vector[i]}; it must be finite");
            sum += (double)vector[i] * vector[i];
        }
        if (sum == 0) throw new IndexException($"{subject()}: the vector is zero and has no direction");
        double scale = 1 / Math.Sqrt(sum);
        for (int i = 0; i < vector.Length; i++) unit[i] = (float)(vector[i] * scale);
    }
}
