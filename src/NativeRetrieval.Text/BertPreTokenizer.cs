using Microsoft.ML.Tokenizers;
using NativeRetrieval.Text.Unicode;

namespace NativeRetrieval.Text;

/// <summary>BERT's rule of words: text is cut at white space, and every punctuation character is a word of its own.</summary>
internal sealed class BertPreTokenizer : PreTokenizer
{
    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => PreTokenize(text.ToString());

    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text)
    {
        int start = 0, units;
        for (int i = 0; i < text.Length; i += units)
        {
            bool pair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            units = pair ? 2 : 1;
            var kind = CharacterTable.Shared[pair ? char.ConvertToUtf32(text[i], text[i + 1]) : text[i]];
            if ((kind & (CharacterClass.Space | CharacterClass.Punctuation)) == CharacterClass.None) continue;
            if (i > start) yield return (start, i - start);
            if ((kind & CharacterClass.Space) == CharacterClass.None) yield return (i, units);
            start = i + units;
        }
        if (text.Length > start) yield return (start, text.Length - start);
    }

    /// <summary>Code points of well-formed text: a surrogate pair is one.</summary>
    public static int CodePoints(ReadOnlySpan<char> text)
    {
        int pairs = 0;
        foreach (char unit in text)
            if (char.IsLowSurrogate(unit)) pairs++;
        return text.Length - pairs;
    }
}
