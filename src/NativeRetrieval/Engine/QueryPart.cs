namespace NativeRetrieval.Engine;

/// <summary>A sentence or an example in a question, and its weight.</summary>
public sealed record QueryPart
{
    QueryPart(string label, double weight) => (Label, Weight) = (label, weight);

    /// <summary>The sentence; null: an example.</summary>
    public string? Text { get; private init; }

    /// <summary>The example's vector [dimension], of any length but 0; empty: a sentence.</summary>
    public ReadOnlyMemory<float> Embedding { get; private init; }

    /// <summary>Weight of its direction in the question, not 0; negative: away from it.</summary>
    public double Weight { get; }

    /// <summary>The sentence, or a name for the example.</summary>
    public string Label { get; }

    /// <summary>A description of a sound.</summary>
    public static QueryPart Sentence(string text, double weight = 1) => new(text, weight) { Text = text };

    /// <summary>A sound as an example.</summary>
    /// <param name="embedding">Its vector [dimension].</param>
    /// <param name="label">Name for people, such as its path.</param>
    public static QueryPart Vector(ReadOnlyMemory<float> embedding, double weight = 1, string label = "") =>
        new(label, weight) { Embedding = embedding };
}
