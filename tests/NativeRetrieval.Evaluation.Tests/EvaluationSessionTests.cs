using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Demo;
using NativeRetrieval.Encoders;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Evaluation.Fusion;
using NativeRetrieval.Evaluation.Metrics;
using NativeRetrieval.Models;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;

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

        static void Refused(EvaluationRequest request, string message) =>
            Assert.Contains(message, Assert.Throws<OptionException>(() => EvaluationSession.Run(request)).Message);
    }

    public void Dispose() => _folder.Dispose();

    EvaluationRequest Request(params string[] models) =>
        new() { Csv = _demo.TestCsv, Audio = _demo.AudioFolder, Models = models, FeatureCache = _folder["cache"] };

    static IEnumerable<int> Ranks(EvaluationOutcome outcome) =>
        Enumerable.Range(0, outcome.Texts.Count)
            .Select(query => outcome.Scores.TextToAudio.Rank(query, outcome.Relevance!.ItemsOf(query)[0]));

    string SaveModel(string name, ulong seed)
    {
        var tokenizer = new TextTokenizer(Vocabulary.FromCaptions(["a bell rings", "rain falls"]));
        var config = new RetrievalModelConfig
        {
            AudioEncoder = new Cnn14Config { Channels = [4, 4, 4, 4, 8, 8] },
            TextEncoder = new BertConfig
            {
                VocabularySize = tokenizer.Vocabulary.Size,
                Width = 16,
                Layers = 1,
                Heads = 2,
                HiddenWidth = 32,
                MaxPositions = 32,
            },
            AudioHeadWidth = 16,
            TextHeadWidth = 16,
            EmbeddingDimension = 8,
            MaxTokens = 32,
            MaxSeconds = 1,
        };
        using var model = new RetrievalModel(config, tokenizer, CpuDevice.Shared, new PhiloxSequence(new Philox(seed)));
        Directory.CreateDirectory(_folder[name]);
        ModelFolder.Save(_folder[name], model, "# A test\n");
        return _folder[name];
    }

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
