using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Text.Tests;

/// <summary>The tokenizer of bert-base-uncased, read once.</summary>
static class Tokenizers
{
    public static TextTokenizer Uncased { get; } = TextTokenizer.FromFile(Fixtures.Small("tokenizer/vocab.txt"));

    /// <summary>The word pieces of <paramref name="text"/> without [CLS] and [SEP].</summary>
    public static string[] Pieces(this TextTokenizer tokenizer, string text) =>
        [.. tokenizer.Encode(text)[1..^1].Select(id => tokenizer.Vocabulary.Ids.First(entry => entry.Value == id).Key)];
}
