namespace NativeRetrieval.Text;

/// <summary>Token ids of several texts, padded to the longest.</summary>
/// <param name="Ids">[Count, Width], row-major; every row is padded at its end with the padding id.</param>
/// <param name="Lengths">[Count], real tokens of each row, [CLS] and [SEP] included: 2..Width.</param>
/// <param name="Width">The largest length; 0 for an empty batch.</param>
public sealed record TokenBatch(int[] Ids, int[] Lengths, int Width)
{
    /// <summary>Id of the token for words that the vocabulary cannot spell; null: the ids were made without such a token.</summary>
    public int? UnknownId { get; init; }

    /// <summary>Number of texts.</summary>
    public int Count => Lengths.Length;

    /// <summary>The ids of one text without padding.</summary>
    public ReadOnlySpan<int> Row(int index) => Ids.AsSpan(index * Width, Lengths[index]);

    /// <summary>Some of the texts, in the width of all.</summary>
    /// <param name="start">First text.</param>
    public TokenBatch Rows(int start, int count) =>
        this with { Ids = Ids[(start * Width)..((start + count) * Width)], Lengths = Lengths[start..(start + count)] };

    /// <summary>Number of words of one text that the vocabulary cannot spell, each one [UNK].</summary>
    public int UnknownTokens(int index) => UnknownId is { } id ? Row(index).Count(id) : 0;

    /// <summary>False: nothing but [UNK] lies between [CLS] and [SEP] of one text, so the model is told nothing by it.</summary>
    public bool HasKnownToken(int index) => UnknownTokens(index) < Lengths[index] - 2;
}
