namespace NativeRetrieval.Text;

/// <summary>Token ids of several texts, padded to the longest.</summary>
/// <param name="Ids">[Count, Width], row-major; every row is padded at its end with the padding id.</param>
/// <param name="Lengths">[Count], real tokens of each row, [CLS] and [SEP] included: 2..Width.</param>
/// <param name="Width">The largest length; 0 for an empty batch.</param>
public sealed record TokenBatch(int[] Ids, int[] Lengths, int Width)
{
    /// <summary>Number of texts.</summary>
    public int Count => Lengths.Length;

    /// <summary>The ids of one text without padding.</summary>
    public ReadOnlySpan<int> Row(int index) => Ids.AsSpan(index * Width, Lengths[index]);
}
