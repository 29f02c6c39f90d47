using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Demo;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Evaluation.Fusion;
using NativeRetrieval.Evaluation.Metrics;
using NativeRetrieval.Models;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;
using NativeRetrieval.TestSupport.Distributed;

namespace NativeRetrieval.Evaluation.Tests;

/// <summary>An evaluation as a host runs it: four test clips, a model of random weights.</summary>
public sealed class EvaluationSessionTests : IDisposable
{
    const int Clips = 4, CaptionsPerClip = 5;

    readonly TemporaryFolder _folder = new();
    readonly DemoCollection _demo;
    readonly string _model;

    public EvaluationSessionTests()
    {
        _demo = DemoCollection.Create(_folder["demo"], seed: 4, clips: 2 * Clips, testClips: Clips);
        _model = SaveModel("model", seed: 1);
    }

    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void AHostScoresAModelInAFewLines()
    {
        var outcome = EvaluationSession.Run(new EvaluationRequest
        {
            Csv = _demo.TestCsv, Audio = _demo.AudioFolder, Models = [_model], FeatureCache = _folder["cache"],
        }, cancellation: Token);
        double r10 = outcome.Report!.TextToAudio.R10.Value;

        Assert.Equal(1, r10); // of four clips every one is among the first ten
        Assert.Equal((Clips * CaptionsPerClip, Clips), (outcome.Report.TextToAudio.Queries, outcome.Report.AudioToText.Queries));
        Assert.Equal(outcome.Hardest(1)[0].Rank, Ranks(outcome).Max());
        Assert.Empty(outcome.Skipped);
    }

    [Fact]
    public void TheScoresAreThoseOfTheModel()
    {
        var data = CaptionCsv.Read(_demo.TestCsv, _demo.AudioFolder);
        using var model = ModelFolder.Load(_model, CpuDevice.Shared);
        var features = FeatureStore.Prepare(new FeatureCache(_folder["cache"], ModelFeatures.Of(model.Config)), data, [], null, Token);
        var task = Evaluator.Task(model, features, RelevanceRule.Own);
        var expected = Evaluator.Score(model, features, task, null, Token);

        var outcome = EvaluationSession.Run(Request(_model), progress: null, Token);
        Assert.Equal(task.Texts, outcome.Texts);
        for (int query = 0; query < expected.Queries; query++) Assert.Equal(expected.Row(query), outcome.Scores.TextToAudio.Row(query));
    }

    [Fact]
    public void GroupsOfAColumnMakeTheIntervals()
    {
        string csv = Grouped(i => i < 2 ? "bells" : "rain");
        var plain = EvaluationSession.Run(Request(_model) with { Csv = csv }, progress: null, Token);
        var outcome = EvaluationSession.Run(Request(_model) with { Csv = csv, GroupColumn = "Kind of sound" }, progress: null, Token);
        Assert.Null(plain.Groups);
        Assert.Equal((2, "Kind of sound"), (outcome.Groups!.Count, outcome.Groups.Column));
        Assert.Equal([.. Enumerable.Repeat(0, 2 * CaptionsPerClip), .. Enumerable.Repeat(1, 2 * CaptionsPerClip)], outcome.Groups.OfQuery);
        Assert.Equal([0, 0, 1, 1], outcome.Groups.OfClip);
        var (ungrouped, grouped) = (plain.Report!.TextToAudio.Map10, outcome.Report!.TextToAudio.Map10);
        Assert.Equal(ungrouped.Value, grouped.Value, 1e-15);
        Assert.NotEqual(ungrouped.High, grouped.High);

        // Of two groups the interval goes from the lower mean to the higher one.
        double[] means = [.. outcome.Texts.Select((_, query) => 1.0 / outcome.Scores.TextToAudio.Rank(query, query / CaptionsPerClip))
            .Chunk(2 * CaptionsPerClip).Select(part => part.Average())];
        Assert.Equal((means.Min(), means.Max()), (grouped.Low, grouped.High));
        var intervals = outcome.Report.ToJson()["intervals"]!;
        Assert.Equal(("group_bootstrap", "Kind of sound", 2), (intervals["method"]!.GetValue<string>(),
            intervals["column"]!.GetValue<string>(), intervals["groups"]!.GetValue<int>()));
    }

    [Theory]
    [InlineData("colour", 0, "no column 'colour', which --group names")]
    [InlineData("kind_of_sound", 0, "all clips are of one group, '0'")]
    [InlineData("kind_of_sound", 1, "has no kind_of_sound, by which --group groups")]
    [InlineData("kind_of_sound", 2, "is answered by clips of the groups '0' and '1'")]
    public void GroupsThatMakeNoIntervalsAreRefused(string column, int kind, string message)
    {
        string csv = Grouped(i => kind == 2 ? $"{i}" : kind == 1 && i == 3 ? "" : "0", sameCaption: kind == 2);
        var request = Request(_model) with { Csv = csv, GroupColumn = column, Relevance = RelevanceRule.SameText };
        var refused = Assert.ThrowsAny<NativeRetrievalException>(() => EvaluationSession.Run(request, progress: null, Token));
        Assert.Contains(message, refused.Message);
    }

    /// <summary>The test clips with a column of their group, and all with one caption or with their own.</summary>
    string Grouped(Func<int, string> group, bool sameCaption = false)
    {
        string captions = sameCaption ? "caption" : "caption_1,caption_2,caption_3,caption_4,caption_5";
        var lines = CaptionCsv.Read(_demo.TestCsv, _demo.AudioFolder).Clips.Select((clip, i) =>
        {
            var texts = sameCaption ? ["a bell"] : clip.Captions;
            return $"{clip.FileName},{group(i)},{string.Join(',', texts.Select(text => $"\"{text}\""))}";
        });
        File.WriteAllLines(_folder["grouped.csv"], [$"file_name,kind of sound,{captions}", .. lines]);
        return _folder["grouped.csv"];
    }

    [Fact]
    public void EveryModelReportsBothPhasesFromZeroToTheLastClip()
    {
        var progress = new Recorded();
        EvaluationSession.Run(Request(_model, SaveModel("other", seed: 2)), progress, Token);
        Assert.All(progress.Seen, seen => Assert.Equal(Clips, seen.Total));
        var phases = progress.Seen.Where(seen => seen.Done == 0).Select(seen => seen.Phase);
        Assert.Equal([EvaluationPhase.Features, EvaluationPhase.Embedding, EvaluationPhase.Features, EvaluationPhase.Embedding], phases);
        Assert.Equal(4, progress.Seen.Count(seen => seen.Done == Clips));
    }

    [Fact]
    public void AClipThatCannotBeDecodedIsLeftOutAndNamed()
    {
        string name = CaptionCsv.Read(_demo.TestCsv, _demo.AudioFolder).Clips[1].FileName;
        File.WriteAllText(Path.Combine(_demo.AudioFolder, name), "no sound");
        var outcome = EvaluationSession.Run(Request(_model), progress: null, Token);
        Assert.Contains(name, Assert.Single(outcome.Skipped));
        Assert.Equal(Clips - 1, outcome.ClipNames.Count);
        Assert.DoesNotContain(name, outcome.ClipNames);
    }

    [Fact]
    public void ALinkedClipIsHeardAsItsTargetIsNow()
    {
        string name = CaptionCsv.Read(_demo.TestCsv, _demo.AudioFolder).Clips[1].FileName;
        string link = Path.Combine(_demo.AudioFolder, name), target = _folder["target.wav"];
        string other = Path.Combine(_demo.AudioFolder, CaptionCsv.Read(_demo.TestCsv, _demo.AudioFolder).Clips[2].FileName);
        File.Move(link, target);
        File.CreateSymbolicLink(link, target);
        var before = EvaluationSession.Run(Request(_model), progress: null, Token);
        DateTime made = File.GetLastWriteTimeUtc(target);
        File.Copy(other, target, overwrite: true);
        File.SetLastWriteTimeUtc(target, made.AddSeconds(1));

        var after = EvaluationSession.Run(Request(_model), progress: null, Token);
        int linked = Column(after, name), copied = Column(after, Path.GetFileName(other));
        Assert.NotEqual(before.Scores.TextToAudio.Row(0)[linked], after.Scores.TextToAudio.Row(0)[linked]);
        Assert.Equal(after.Scores.TextToAudio.Row(0)[copied], after.Scores.TextToAudio.Row(0)[linked]);

        static int Column(EvaluationOutcome outcome, string name) => outcome.ClipNames.ToList().IndexOf(name);
    }

    [Fact]
    public void ACancelledEvaluationEnds() =>
        Assert.ThrowsAny<OperationCanceledException>(() =>
            EvaluationSession.Run(Request(_model), progress: null, new CancellationToken(canceled: true)));

    [Fact]
    public void ARequestThatContradictsItselfIsRefusedBeforeAnythingIsRead()
    {
        var request = new EvaluationRequest { Csv = "none.csv", Audio = "none", Models = ["a", "b"], FeatureCache = "none" };
        Refused(request with { Fusion = FusionRule.Weighted }, "either --weights or --fit-weights");
        Refused(request with { Fusion = FusionRule.Weighted, Weights = [1, 0], FitCsv = "none.csv" }, "either --weights or --fit-weights");
        Refused(request with { FitCsv = "none.csv" }, "belong to --fusion weighted");
        Refused(request with { Fusion = FusionRule.Weighted, Weights = [1] }, "1 weights (1) for 2 models");
        Refused(request with { Audio = null }, "where the sounds are");
        Refused(request with { Models = [] }, "no model");
        Refused(request with { Against = ["a"], Vectors = "none" }, "--against runs its models");

        static void Refused(EvaluationRequest request, string message) =>
            Assert.Contains(message, Assert.Throws<OptionException>(() => EvaluationSession.Run(request)).Message);
    }

    [Fact]
    public void Ranks_that_read_texts_in_different_precisions_do_not_begin()
    {
        var errors = Assert.Throws<AggregateException>(() => LocalGroup.Run(2, group => EvaluationSession.Run(Request(_model) with
        {
            Group = group, TextPrecision = group.Rank == 1 ? TextPrecision.Int8 : TextPrecision.Float32,
        }, cancellation: Token))).InnerExceptions;
        Assert.Equal(2, errors.Count);
        Assert.All(errors, error => Assert.StartsWith("rank 1 disagrees with rank 0: --text-precision is int8 there and fp32 on rank 0;",
            Assert.IsType<DistributedException>(error).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Two_systems_are_compared_query_by_query()
    {
        string other = SaveModel("other", seed: 2);
        var request = Request(_model) with { Csv = Uneven() };
        var same = EvaluationSession.Run(request with { Against = [_model] }, cancellation: Token).Comparison!;
        Assert.Equal((0, 0, 0), (same.TextToAudio.Map10.Value, same.TextToAudio.Map10.Low, same.AudioToText.R1.High));

        var own = EvaluationSession.Run(request, cancellation: Token);
        Assert.Null(own.Comparison);
        var theirs = EvaluationSession.Run(request with { Models = [other] }, cancellation: Token);
        var outcome = EvaluationSession.Run(request with { Against = [other] }, cancellation: Token);
        var difference = outcome.Comparison!.TextToAudio;
        Assert.Equal(own.Report!.TextToAudio.Map10, outcome.Report!.TextToAudio.Map10);
        Differs(report => report.TextToAudio.Map10, difference.Map10);
        Differs(report => report.TextToAudio.R1, difference.R1);
        Differs(report => report.AudioToText.Map10, outcome.Comparison.AudioToText.Map10);

        // Paired by the definition: the standard error is that of the queries' differences.
        double[] differences = [.. Ranks(own).Zip(Ranks(theirs), (a, b) => (a <= 1 ? 1.0 : 0) - (b <= 1 ? 1 : 0))];
        double mean = differences.Average(), n = differences.Length;
        double error = Math.Sqrt(differences.Sum(d => (d - mean) * (d - mean)) / (n * (n - 1)));
        Assert.Equal(mean - 1.959963984540054 * error, difference.R1.Low, 12);
        Assert.Equal(mean + 1.959963984540054 * error, difference.R1.High, 12);
        var json = outcome.Comparison.ToJson();
        Assert.Equal(difference.R1.Low, (double)json["text_to_audio"]!["r1_ci95"]![0]!);

        void Differs(Func<EvaluationReport, Estimate> figure, Estimate difference)
        {
            Assert.Equal(figure(own.Report!).Value - figure(theirs.Report!).Value, difference.Value, 12);
            Assert.True(Math.Abs(difference.Value) > 0.01, "the two models rank alike, and a wrong sign would pass");
        }
    }

    /// <summary>
    /// The test clips with five captions for the first and one less for each that follows: random models rank the clips alike for all
    /// texts, and so answer as many of them where each clip has as many.
    /// </summary>
    string Uneven()
    {
        var lines = CaptionCsv.Read(_demo.TestCsv, _demo.AudioFolder).Clips.Select((clip, i) => $"{clip.FileName},"
            + string.Join(',', clip.Captions.Select((text, caption) => caption < CaptionsPerClip - i ? $"\"{text}\"" : "")));
        File.WriteAllLines(_folder["uneven.csv"], ["file_name,caption_1,caption_2,caption_3,caption_4,caption_5", .. lines]);
        return _folder["uneven.csv"];
    }

    [Fact]
    public void Models_that_are_not_fused_have_the_mean_of_their_figures_and_are_compared_as_such()
    {
        string other = SaveModel("other", seed: 2);
        var request = Request(_model, other) with { Fusion = FusionRule.None, Against = [_model] };
        var outcome = EvaluationSession.Run(request, cancellation: Token);
        Assert.Equal(2, outcome.Systems.Count);

        // Each query's figure is the mean over both models, so its gain over the first is half of the other's.
        var own = Ranks(EvaluationSession.Run(Request(_model), cancellation: Token));
        var theirs = Ranks(EvaluationSession.Run(Request(other), cancellation: Token));
        var (means, gains) = (Estimate.OfMean([.. own.Zip(theirs, (a, b) => (1.0 / a + 1.0 / b) / 2)]),
            Estimate.OfMean([.. own.Zip(theirs, (a, b) => (1.0 / b - 1.0 / a) / 2)]));
        Assert.Equal(means.Value, outcome.Report!.TextToAudio.Map10.Value, 12);
        Assert.Equal(means.StandardError, outcome.Report.TextToAudio.Map10.StandardError, 12);
        Assert.Equal(gains.Value, outcome.Comparison!.TextToAudio.Map10.Value, 12);
        Assert.Equal(gains.StandardError, outcome.Comparison.TextToAudio.Map10.StandardError, 12);
        Assert.True(gains.StandardError > 0.01, "the two models rank alike, and nothing is compared");
    }

    public void Dispose() => _folder.Dispose();

    EvaluationRequest Request(params string[] models) =>
        new() { Csv = _demo.TestCsv, Audio = _demo.AudioFolder, Models = models, FeatureCache = _folder["cache"] };

    static IEnumerable<int> Ranks(EvaluationOutcome outcome) =>
        Enumerable.Range(0, outcome.Texts.Count)
            .Select(query => outcome.Scores.TextToAudio.Rank(query, outcome.Relevance!.ItemsOf(query)[0]));

    string SaveModel(string name, ulong seed) => TinyModel.Write(_folder[name], config => config with { MaxSeconds = 1 }, seed);

    sealed class Recorded : IProgress<EvaluationProgress>
    {
        readonly List<EvaluationProgress> _seen = [];

        public IReadOnlyList<EvaluationProgress> Seen => _seen;

        public void Report(EvaluationProgress value)
        {
            lock (_seen) _seen.Add(value);
        }
    }
}
