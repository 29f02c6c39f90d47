using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Demo;
using NativeRetrieval.Text;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>Ids of the demo collection's captions with a vocabulary made from them; on one thread, no peer.</summary>
internal static class TokenizerSuite
{
    const int Clips = 1000;

    public static IEnumerable<Row> Run(Bench bench)
    {
        string[] captions = DemoCollection.Captions(seed: 1, Clips);
        var tokenizer = new TextTokenizer(Vocabulary.FromCaptions(captions));
        var (ours, _) = bench.Measure(() => tokenizer.EncodeBatch(captions), peer: null);
        int words = captions.Sum(caption => caption.Split(' ').Length);
        yield return new Row("tokenizer", $"{captions.Length:N0} captions, {words:N0} words", ours, null,
            Note: $"{captions.Length / ours * 1000:N0} captions/s");
    }
}
