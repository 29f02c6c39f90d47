using System.CommandLine;
using System.Globalization;
using NativeRetrieval.Audio.Features;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Models;
using NativeRetrieval.Training;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Metrics;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>evaluate CSV --audio DIR --model MODEL</c></summary>
internal static class EvaluateCommand
{
    public static Command Create(Terminal terminal)
    {
        var csv = new Argument<FileInfo>("CSV") { Description = "Caption file in Clotho's or AudioCaps' layout." };
        var audio = new Option<DirectoryInfo>("--audio") { Description = "Folder of the sound files that the CSV names.", HelpName = "DIR", Required = true };
        var models = new Option<DirectoryInfo[]>("--model") { Description = "Model folder. Several: the mean of their scores (an ensemble).", HelpName = "MODEL", Required = true };
        var relevance = new Option<string>("--relevance") { Description = "own: each caption is a query, its clip the answer. same-text: each distinct caption is one query, every clip that carries it an answer.", DefaultValueFactory = _ => "own" };
        relevance.AcceptOnlyFromAmong("own", "same-text");
        var submission = new Option<FileInfo?>("--submission") { Description = "Write the ten best files per caption in the DCASE layout.", HelpName = "OUT.csv" };
        var cache = CacheFolder.Option();
        var json = JsonOutput.Option();
        var command = new DocumentedCommand("evaluate", "Measure retrieval in both directions on a captioned data set.")
        {
            Examples =
            [
                ("nativeretrieval evaluate test.csv --audio clips --model runs/first", "R@1, R@5, R@10, mAP@10 and median rank with 95 % intervals"),
                ("nativeretrieval evaluate test.csv --audio clips --model a --model b --submission out.csv --json", "An ensemble, the DCASE file, and JSON"),
            ],
        };
        command.Add(csv);
        foreach (Option option in (Option[])[audio, models, relevance, submission, cache, json]) command.Add(option);
        command.SetAction((parsed, cancellation) =>
        {
            var data = CaptionCsv.Read(parsed.GetRequiredValue(csv).FullName, parsed.GetRequiredValue(audio).FullName);
            var rule = parsed.GetRequiredValue(relevance) == "own" ? RelevanceRule.Own : RelevanceRule.SameText;
            string[] folders = [.. parsed.GetRequiredValue(models).Select(folder => folder.FullName)];
            var skipped = new List<string>();
            var (scores, task, kept) = Score(terminal, data, folders, rule, CacheFolder.Of(parsed, cache), skipped, cancellation);
            var report = EvaluationReport.Compute(scores, task.TextToClips);
            if (parsed.GetValue(submission) is { } file)
                SubmissionCsv.Write(file.FullName, task.Texts, [.. kept.Clips.Select(clip => clip.FileName)], scores);
            if (parsed.GetValue(json)) terminal.Out.WriteLine(report.ToJson().ToJsonString(Indented));
            else Print(terminal, report);
            return Task.FromResult(Skips.Report(terminal, skipped));
        });
        return command;
    }

    static readonly System.Text.Json.JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n" };

    /// <summary>The mean score of all models for every query and clip.</summary>
    static (SimilarityMatrix, RetrievalTask, Dataset) Score(Terminal terminal, Dataset data, string[] folders, RelevanceRule rule, string cache,
        List<string> skipped, CancellationToken cancellation)
    {
        var scores = new List<SimilarityMatrix>();
        RetrievalTask? task = null;
        FeatureStore? features = null;
        foreach (string folder in folders)
        {
            using var model = ModelPackage.Load(folder, CpuDevice.Shared);
            skipped.Clear();
            using (var line = new Output.Progress(terminal, "features", data.Clips.Count, "clips"))
                features = FeatureStore.Prepare(new FeatureCache(cache, ModelFeatures.Of(model.Config)), data, skipped, done => line.Report(done), cancellation);
            task = Evaluator.Task(model, features, rule);
            using var embedding = new Output.Progress(terminal, "embedding", features.Data.Clips.Count, "clips");
            scores.Add(Evaluator.Score(model, features, task, done => embedding.Report(done), cancellation));
        }
        return (scores.Count == 1 ? scores[0] : SimilarityMatrix.Average(scores), task!, features!.Data);
    }

    internal static void Print(Terminal terminal, EvaluationReport report)
    {
        var table = new Table("", ">queries", ">R@1", ">R@5", ">R@10", ">mAP@10", ">95 % interval", ">median rank");
        Add("text to audio", report.TextToAudio);
        Add("audio to text", report.AudioToText);
        table.Write(terminal.Out);

        void Add(string name, RankingMetrics m) => table.Add(name, m.Queries.ToString(CultureInfo.InvariantCulture), Share(m.R1.Value), Share(m.R5.Value), Share(m.R10.Value),
            Share(m.Map10.Value), $"{Share(m.Map10.Low)} .. {Share(m.Map10.High)}", m.MedianRank.ToString(CultureInfo.InvariantCulture));

        static string Share(double value) => value.ToString("F3", CultureInfo.InvariantCulture);
    }
}
