using NativeRetrieval.Core.Devices;
using NativeRetrieval.Demo;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Tests.Data;

public sealed class DataCheckTests : IDisposable
{
    const int SampleRateHz = 32000;

    readonly TemporaryFolder _folder = new();

    public DataCheckTests() => Directory.CreateDirectory(_folder["audio"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sound_data_has_no_findings()
    {
        var check = Check([("a.wav", Noise(1, 1), ["rain falls"]), ("b.wav", Noise(1, 2), ["wind blows"])],
            [("c.wav", Noise(1, 3), ["a dog barks"])]);
        Assert.Empty(check.Findings);
        Assert.Equal((2, 1, 2, 2.0), (check.Clips, check.ValidationClips, check.Captions, check.Seconds));
    }

    [Fact]
    public void Every_problem_is_found_counted_and_named()
    {
        var check = Check(
        [
            ("a.wav", Noise(1, 1), ["rain falls"]),
            ("copy.wav", Noise(1, 1), ["other words"]),
            ("silent.wav", new float[SampleRateHz], ["nothing"]),
            ("short.wav", Noise(0.5, 2), ["a click"]),
            ("long.wav", Noise(2.5, 3), ["goes on and on"]),
            ("bad.wav", null, ["broken"]),
            ("cut.wav", Noise(1.5, 7), ["ends too early"]),
            ("missing.wav", [], ["gone"]),
            ("empty.wav", Noise(1, 4), [" "]),
            ("again.wav", Noise(1, 5), ["rain falls"]),
            ("words.wav", Noise(1, 6), ["one two three four five six seven eight nine ten eleven twelve"]),
            ("unknown.wav", Noise(1, 7), [new string('x', 101)]),
            ("a.wav", Noise(1, 1), ["rain falls"]),
        ],
        [("a.wav", Noise(1, 1), ["held out"]), ("v.wav", Noise(1, 9), ["goes on and on"])]);

        (DataProblem, string)[] expected =
        [
            (DataProblem.MissingFile, "missing.wav (line 9)"),
            (DataProblem.EmptyCaption, "empty.wav (line 10)"),
            (DataProblem.DuplicateFileName, "a.wav (lines 2 and 14)"),
            (DataProblem.UnreadableFile, "bad.wav"),
            (DataProblem.DamagedFile, "cut.wav (line 8): its data chunk claims"),
            (DataProblem.FileNameInBothSplits, "a.wav (line 2)"),
            (DataProblem.DuplicateContent, "copy.wav (line 3) = a.wav"),
            (DataProblem.ContentInBothSplits, "a.wav (line 2) = a.wav"),
            (DataProblem.LongCaption, "words.wav (line 12)"),
            (DataProblem.UnknownCaption, "unknown.wav (line 13)"),
            (DataProblem.ShortClip, "short.wav (line 5)"),
            (DataProblem.SilentClip, "silent.wav (line 4)"),
            (DataProblem.DuplicateCaptions, "again.wav (line 11) = a.wav"),
            (DataProblem.CaptionsInBothSplits, "v.wav (line 3) = long.wav"),
            (DataProblem.LongClip, "long.wav (line 6)"),
        ];
        Assert.Equal(expected.Select(problem => problem.Item1), check.Findings.Select(finding => finding.Problem));
        Assert.Equal(Enum.GetValues<DataProblem>().Order(), expected.Select(problem => problem.Item1).Order());
        foreach (var (problem, place) in expected)
        {
            var finding = check.Findings.Single(finding => finding.Problem == problem);
            Assert.Equal(1, finding.Count);
            Assert.Contains(place, Assert.Single(finding.Examples));
            Assert.StartsWith("1 ", finding.Summary);
        }
        Assert.True(check is { HasErrors: true, HasWarnings: true });
        var first = check.ToJson()["findings"]![0]!;
        Assert.Equal(("missing_file", "error", 1), ((string)first["problem"]!, (string)first["severity"]!, (int)first["count"]!));
    }

    [Fact]
    public void Only_the_first_few_places_are_named()
    {
        var findings = new DataFindings();
        for (int i = 0; i < 12; i++) findings.Add(DataProblem.SilentClip, $"{i}.wav");
        var finding = Assert.Single(findings.ToList());
        Assert.Equal((12, 5, "12 clips are silent"), (finding.Count, finding.Examples.Count, finding.Summary));
    }

    DataCheck Check((string Name, float[]? Samples, string[] Captions)[] train, (string, float[]?, string[])[] validation)
    {
        var findings = new DataFindings();
        return TrainingSession.Check(new TrainingRequest
        {
            Training = Read("train", train, findings),
            Validation = Read("validation", validation, findings),
            RunFolder = _folder["run"],
            Settings = SettingsLoader.Load("tiny", ["audio.max_seconds=2", "text.max_tokens=9"]),
            FeatureCache = _folder["cache"],
            Device = CpuDevice.Shared,
            Time = TimeProvider.System,
        }, findings, null, TestContext.Current.CancellationToken);
    }

    /// <summary>No samples: no file; null: a file that is no sound; <c>cut.wav</c> lacks its last bytes.</summary>
    Dataset Read(string name, (string Name, float[]? Samples, string[] Captions)[] clips, DataFindings findings)
    {
        foreach (var (file, samples, _) in clips)
            if (samples is null) File.WriteAllText(_folder["audio/" + file], "text");
            else if (samples.Length > 0)
                File.WriteAllBytes(_folder["audio/" + file], Wav16.Encode(samples, SampleRateHz)[..^(file == "cut.wav" ? 1000 : 0)]);
        CaptionCsv.Write(_folder[name + ".csv"], [.. clips.Select(clip => new Clip(clip.Name, clip.Name, clip.Captions, 0))]);
        return CaptionCsv.Read(_folder[name + ".csv"], _folder["audio"], findings);
    }

    static float[] Noise(double seconds, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, (int)(seconds * SampleRateHz)).Select(_ => random.NextSingle() - 0.5f)];
    }
}
