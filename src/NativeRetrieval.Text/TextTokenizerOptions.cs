namespace NativeRetrieval.Text;

/// <summary>
/// Rules by which text becomes tokens. The defaults are those of bert-base-uncased. Special tokens and <see cref="MaxLength"/> concern
/// every kind of tokenizer, the rest BERT's WordPiece alone.
/// </summary>
public sealed record TextTokenizerOptions
{
    /// <summary>The special tokens of RoBERTa: <c>&lt;s&gt; &lt;/s&gt; &lt;pad&gt; &lt;unk&gt; &lt;mask&gt;</c>.</summary>
    public static TextTokenizerOptions Roberta { get; } = new()
    {
        ClassToken = "<s>", SeparatorToken = "</s>", PaddingToken = "<pad>", UnknownToken = "<unk>", MaskToken = "<mask>",
    };

    // The library tries every stretch of a word, so its time grows with the square of the length.
    const int LongestWord = 1000;

    /// <summary>Drop control and format characters and U+FFFD, and read every white space as a blank. Default true.</summary>
    public bool CleanText { get; init; } = true;

    /// <summary>Set CJK ideographs apart by blanks. Default true.</summary>
    public bool SplitIdeographs { get; init; } = true;

    /// <summary>Lower-case every character. Default true.</summary>
    public bool LowerCase { get; init; } = true;

    /// <summary>Decompose canonically (NFD) and drop nonspacing marks. Default null: as <see cref="LowerCase"/>.</summary>
    public bool? StripAccents { get; init; }

    /// <summary>Longest word in Unicode code points; a longer one is unknown as a whole. 1 … 1000; default 100.</summary>
    public int MaxWordLength { get; init; } = 100;

    /// <summary>Prefix of a piece that continues a word. Default <c>##</c>.</summary>
    public string ContinuationPrefix { get; init; } = "##";

    /// <summary>Most tokens of one text, [CLS] and [SEP] included, where a call does not say. At least 2; default 512.</summary>
    public int MaxLength { get; init; } = 512;

    /// <summary>Token of a word that the vocabulary cannot spell. Default <c>[UNK]</c>.</summary>
    public string UnknownToken { get; init; } = "[UNK]";

    /// <summary>First token of every text; its vector stands for the text. Default <c>[CLS]</c>.</summary>
    public string ClassToken { get; init; } = "[CLS]";

    /// <summary>Last token of every text. Default <c>[SEP]</c>.</summary>
    public string SeparatorToken { get; init; } = "[SEP]";

    /// <summary>Token that fills up the shorter texts of a batch. Default <c>[PAD]</c>.</summary>
    public string PaddingToken { get; init; } = "[PAD]";

    /// <summary>Token of BERT's pre-training task; it is found in text like the other special tokens. Default <c>[MASK]</c>.</summary>
    public string MaskToken { get; init; } = "[MASK]";

    /// <exception cref="ArgumentException">A value is outside its range; the message names it.</exception>
    internal TextTokenizerOptions Validated()
    {
        if (MaxWordLength is < 1 or > LongestWord)
            throw new ArgumentException($"{nameof(MaxWordLength)} is {MaxWordLength}: expected 1 … {LongestWord} code points");
        if (MaxLength < 2) throw new ArgumentException($"{nameof(MaxLength)} is {MaxLength}: [CLS] and [SEP] alone are two tokens");
        return this;
    }
}
