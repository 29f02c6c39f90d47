using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Demo;
using NativeRetrieval.Text;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>
/// Ids of the demo collection's captions by WordPiece and by byte-level BPE, with vocabularies made from them; on one thread, no peer.
/// </summary>
internal static class TokenizerSuite
{
    const int Clips = 1000;
    const char Space = '\u0120';

    public static IEnumerable<Row> Run(Bench bench)
    {
        string[] captions = DemoCollection.Captions(seed: 1, Clips);
        int words = captions.Sum(caption => caption.Split(' ').Length);
        yield return Measured("tokenizer", new TextTokenizer(Vocabulary.FromCaptions(captions)));
        yield return Measured("tokenizer-bpe", ByteLevelBpe(captions));

        Row Measured(string suite, TextTokenizer tokenizer)
        {
            var (ours, _, _) = bench.Measure(() => tokenizer.EncodeBatch(captions), peer: null);
            return new Row(suite, $"{captions.Length:N0} captions, {words:N0} words", ours, null,
                Note: $"{captions.Length / ours * 1000:N0} captions/s");
        }
    }

    /// <summary>A tokenizer whose merges are learned from the captions until each of their words is one token.</summary>
    static TextTokenizer ByteLevelBpe(string[] captions)
    {
        var words = captions.SelectMany(caption => caption.Replace(' ', Space).Split(Space).Index()
                .Select(word => word.Index == 0 ? word.Item : Space + word.Item))
            .CountBy(word => word).Select(word => (Parts: word.Key.Select(letter => letter.ToString()).ToList(), word.Value)).ToList();
        var merges = new List<(string Left, string Right)>();
        while (words.Exists(word => word.Parts.Count > 1))
        {
            var (left, right) = words.SelectMany(word => word.Parts.Zip(word.Parts.Skip(1)).Select(pair => (Pair: pair, word.Value)))
                .GroupBy(item => item.Pair, item => item.Value).MaxBy(group => (group.Sum(), group.Key))!.Key;
            merges.Add((left, right));
            foreach (var (parts, _) in words)
                for (int i = 0; i < parts.Count - 1; i++)
                    if (parts[i] == left && parts[i + 1] == right)
                    {
                        parts[i] += right;
                        parts.RemoveAt(i + 1);
                    }
        }
        var letters = captions.SelectMany(caption => caption.Replace(' ', Space)).Distinct().Select(letter => letter.ToString());
        string[] tokens = ["<s>", "<pad>", "</s>", "<unk>", .. letters, .. merges.Select(pair => pair.Left + pair.Right), "<mask>"];
        return TextTokenizer.ByteLevelBpe(Vocabulary.FromTokens(tokens.Distinct()), merges);
    }
}
