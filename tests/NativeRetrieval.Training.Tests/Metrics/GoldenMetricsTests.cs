using System.Text.Json;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Metrics;

namespace NativeRetrieval.Training.Tests.Metrics;

/// <summary>Against the reference evaluation's figures for the same embeddings.</summary>
public sealed class GoldenMetricsTests : IDisposable
{
    readonly SafetensorsFile _vectors = SafetensorsFile.Open(Fixtures.Small("metrics.safetensors"));
    readonly JsonElement _golden = JsonDocument.Parse(File.ReadAllText(Fixtures.Small("metrics.json"))).RootElement;
    readonly SimilarityMatrix _textToClips;

    public GoldenMetricsTests() =>
        _textToClips = SimilarityMatrix.Cosine(_vectors.ReadFloat32("captions_5_per_audio"), _vectors.ReadFloat32("audio"), 16);

    public void Dispose() => _vectors.Dispose();

    [Fact]
    public void OneRelevantClipPerCaption()
    {
        var report = EvaluationReport.Compute(_textToClips, new Relevance(Enumerable.Range(0, 300).Select(i => new[] { i / 5 }), 60));
        AssertDirection("t2a", report.TextToAudio);
        AssertDirection("a2t", report.AudioToText);
        Assert.Equal(Golden("t2a_mAP10_percent") / 100, report.TextToAudio.Map10.Value, 1e-12);
        Assert.Equal(Golden("t2a_mAP10_jackknife_se_percent") / 100, report.TextToAudio.Map10.StandardError, 1e-12);
        Assert.Equal((300, 60), (report.TextToAudio.Queries, report.AudioToText.Queries));
    }

    [Fact]
    public void SeveralRelevantClipsPerCaption()
    {
        long[] flags = _vectors.ReadInt64("relevant");
        var relevance = new Relevance(Enumerable.Range(0, 300).Select(query => Enumerable.Range(0, 60).Where(clip => flags[query * 60 + clip] == 1)), 60);
        var metrics = RankingMetrics.Compute(_textToClips, relevance);
        Assert.Equal(Golden("several_relevant", "mAP10"), metrics.Map10.Value, 1e-12);
        Assert.Equal(Golden("several_relevant", "mAP16"), metrics.Map16.Value, 1e-12);
    }

    void AssertDirection(string name, RankingMetrics metrics)
    {
        Assert.Equal(Golden(name, "R1") / 100, metrics.R1.Value, 1e-12);
        Assert.Equal(Golden(name, "R5") / 100, metrics.R5.Value, 1e-12);
        Assert.Equal(Golden(name, "R10") / 100, metrics.R10.Value, 1e-12);
        Assert.Equal(Golden(name, "medR"), metrics.MedianRank);
        Assert.Equal(Golden(name, "meanR"), metrics.MeanRank, 1e-12);
    }

    double Golden(params string[] path) => path.Aggregate(_golden, (element, name) => element.GetProperty(name)).GetDouble();
}
