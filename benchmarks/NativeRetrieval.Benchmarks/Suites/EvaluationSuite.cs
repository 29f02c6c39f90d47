using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Metrics;
using NativeRetrieval.Evaluation.Vectors;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>
/// An evaluation of Clotho's size from stored vectors: file, scores, all metrics with intervals, both directions. No peer.
/// </summary>
internal static class EvaluationSuite
{
    const int Clips = 1045, CaptionsPerClip = 5, Dimension = 1024;

    public static IEnumerable<Row> Run(Bench bench)
    {
        const string model = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        var data = new Dataset("made up", [.. Enumerable.Range(0, Clips).Select(clip =>
            new Clip($"{clip}.wav", "", [.. Enumerable.Range(0, CaptionsPerClip).Select(i => $"caption {i} of clip {clip}")], 0))]);
        var task = RetrievalTask.From(data, RelevanceRule.Own, text => text);
        float[] clips = Bench.Values((long)Clips * Dimension);
        // Captions near their clips, so that ranks are neither all 1 nor chance.
        float[] noise = Bench.Values((long)task.Texts.Count * Dimension);
        float[] texts = [.. noise.Select((value, i) => 3 * value + clips[i / Dimension / CaptionsPerClip * Dimension + i % Dimension] / 4)];
        var folder = new VectorFolder(Path.Combine(Checkout.Cache, "vectors"));
        folder.Save(
            model, data, new EvaluationVectors(Dimension, [.. data.Clips.Select(clip => clip.FileName)], clips, task.Texts, texts), "");

        EvaluationReport? report = null;
        var (ours, _, _) = bench.WithAtMost(11).Measure(
            () => report = EvaluationReport.Compute(folder.Find(model, data)!.Score(task.Texts), task.TextToClips), peer: null);
        yield return new Row("evaluation", $"{task.Texts.Count:N0} captions x {Clips:N0} clips x {Dimension}", ours, null,
            Gigaflop: 2e-9 * task.Texts.Count * Clips * Dimension,
            Note: $"from file to metrics of both directions; mAP@10 {report!.TextToAudio.Map10.Value:F3}");
    }
}
