using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Text;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>
/// One sentence through CLAP's text half: RoBERTa-base with its pooler, and the head, from token ids to the 512-wide vector. Its layers are
/// in float32 and in 8 bits, timed in turn.
/// </summary>
internal static class TextQuerySuite
{
    const int HeadWidth = 512;

    /// <summary>The most that vectors in 8 bits may differ from those of float32, relative to these.</summary>
    const double Tolerance = 0.15;

    public static IEnumerable<Row> Run(Bench bench)
    {
        var config = new RobertaConfig { Pooling = TextPooling.Pooler };
        using var encoder = Bench.Filled(new BertEncoder(config, CpuDevice.Shared, random: null));
        encoder.ForInference();
        using var reduced = Bench.Filled(new BertEncoder(config, CpuDevice.Shared, random: null));
        using var head = Bench.Filled(new ProjectionHead(config.Width, HeadWidth, HeadWidth, CpuDevice.Shared, random: null));
        head.ForInference();
        // Every weight is read once; of the tables a row for each token.
        double gigabytes = encoder.State().Concat(head.State()).Where(item => !item.Name.Contains("embeddings"))
            .Sum(item => item.Tensor.SizeBytes) / 1e9;
        long whole = CpuDevice.Shared.LiveBytes;
        reduced.ToInt8();
        double saved = (whole - CpuDevice.Shared.LiveBytes) / 1e9;
        foreach (int tokens in (int[])[7, 12, 24])
        {
            var sentence = new TokenBatch([.. Enumerable.Range(0, tokens).Select(i => 100 + 31 * i)], [tokens], tokens);
            float[] Read(BertEncoder encoder)
            {
                using var scope = TensorScope.Begin();
                return head.Forward(encoder.Forward(sentence)).ToArray<float>();
            }
            var int8 = Contender.Ours(() => Read(reduced)) with { Output = Read(encoder) };
            Bench.ExpectSame($"{tokens} tokens in 8 bits", int8, Read(reduced), Tolerance);
            var (ours, inInt8, _) = bench.Measure(() => Read(encoder), int8);
            yield return new Row("text-query", $"{tokens} tokens", ours, null, Gigabytes: gigabytes,
                Note: $"{ProcessMemory.PeakMiB:F0} MiB at most");
            yield return new Row("text-query", $"{tokens} tokens, int8", inInt8!.Value, null, Gigabytes: gigabytes - saved,
                Note: $"{ours / inInt8:F2} times as fast as float32");
        }
    }
}
