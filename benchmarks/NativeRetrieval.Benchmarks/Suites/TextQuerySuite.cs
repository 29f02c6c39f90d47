using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Text;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>
/// One sentence through CLAP's text half: RoBERTa-base with its pooler, and the head, from token ids to the 512-wide vector; in float32, and
/// with its layers' weights in 8 bits. Both are timed in the same rounds.
/// </summary>
internal static class TextQuerySuite
{
    const int HeadWidth = 512;

    public static IEnumerable<Row> Run(Bench bench)
    {
        var config = new RobertaConfig { Pooling = TextPooling.Pooler };
        using var encoder = Bench.Filled(new BertEncoder(config, CpuDevice.Shared, random: null));
        using var head = Bench.Filled(new ProjectionHead(config.Width, HeadWidth, HeadWidth, CpuDevice.Shared, random: null));
        // Every weight is read once; of the tables a row for each token.
        double gigabytes = encoder.State().Concat(head.State()).Where(item => !item.Name.Contains("embeddings"))
            .Sum(item => item.Tensor.SizeBytes) / 1e9;
        foreach (int tokens in (int[])[7, 12, 24])
        {
            var sentence = new TokenBatch([.. Enumerable.Range(0, tokens).Select(i => 100 + 31 * i)], [tokens], tokens);
            var (ours, _) = bench.Measure(() =>
            {
                using var scope = TensorScope.Begin();
                head.Forward(encoder.Forward(sentence)).ToArray<float>();
            }, peer: null);
            yield return new Row("text-query", $"{tokens} tokens", ours, null, Gigabytes: gigabytes,
                Note: $"{ProcessMemory.PeakMiB:F0} MiB at most");
        }
    }
}
