using System.Text.Json;
using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Demo;
using NativeRetrieval.Indexing;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

/// <summary>From captioned sounds to a ranked list through the commands alone.</summary>
public sealed class WholeWayTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly DemoCollection _demo;
    readonly string[] _quick;

    public WholeWayTests()
    {
        _demo = DemoCollection.Create(_folder["demo"], seed: 2, clips: 14, testClips: 4);
        _quick = ["--preset", "tiny", "--set", "training.epochs=1", "--set", "training.batch_size=5", "--set", "audio.max_seconds=2",
            "--cache", _folder["cache"]];
    }

    [Fact]
    public async Task Train_evaluate_index_and_search_print_what_they_promise()
    {
        await Train();
        var evaluation = await Json(ExitCode.Ok, "evaluate", _demo.TestCsv, "--audio", _demo.AudioFolder, "--model", _folder["run"],
            "--cache", _folder["cache"],
            "--submission", _folder["out.csv"], "--json");
        Assert.Equal(1, evaluation.GetProperty("schema_version").GetInt32());
        Assert.Equal(20, evaluation.GetProperty("text_to_audio").GetProperty("queries").GetInt32());
        Assert.Equal(4, evaluation.GetProperty("audio_to_text").GetProperty("queries").GetInt32());
        Assert.Equal(1, evaluation.GetProperty("text_to_audio").GetProperty("r5").GetDouble()); // four clips
        Assert.Equal(2, evaluation.GetProperty("text_to_audio").GetProperty("map10_ci95").GetArrayLength());
        Assert.Equal(21, File.ReadAllLines(_folder["out.csv"]).Length);

        string index = _folder["sounds.nrx"];
        var indexed = await Json(ExitCode.Ok, "index", _demo.AudioFolder, "--model", _folder["run"], "--to", index, "--json");
        Assert.Equal(14, indexed.GetProperty("embedded").GetInt32());
        Assert.Equal(14, (await Json(ExitCode.Ok, "index", _demo.AudioFolder, "--model", _folder["run"], "--to", index, "--json"))
            .GetProperty("unchanged").GetInt32());

        var found = await Json(ExitCode.Ok, "search", "a bell rings", "--index", index, "--top", "3", "--json");
        Assert.Equal("a bell rings", found.GetProperty("query").GetString());
        Assert.Equal(0, found.GetProperty("unknown_tokens").GetInt32());
        var hits = found.GetProperty("hits").EnumerateArray().ToArray();
        Assert.Equal([1, 2, 3], hits.Select(hit => hit.GetProperty("rank").GetInt32()));
        Assert.All(hits, hit =>
            Assert.True(File.Exists(hit.GetProperty("path").GetString()) && hit.GetProperty("end_seconds").GetDouble() <= 4));

        string first = Directory.EnumerateFiles(_demo.AudioFolder).Order(StringComparer.Ordinal).First();
        var similar = await Json(ExitCode.Ok, "similar", first, "--index", index, "--top", "1", "--json");
        var best = similar.GetProperty("hits")[0];
        Assert.Equal(first, best.GetProperty("path").GetString());
        Assert.Equal(1, best.GetProperty("score").GetDouble(), 1e-5);

        var unknown = await CommandLine.Run("search", "\u72ac \u5420", "--index", index, "--json");
        Assert.Equal(2, JsonDocument.Parse(unknown.Out).RootElement.GetProperty("unknown_tokens").GetInt32());
        Assert.Contains("warning: no word of this query is known to the model", unknown.Error);
        Assert.DoesNotContain("no word", (await CommandLine.Run("search", "rain \u72ac", "--index", index)).Error);

        var table = await CommandLine.Run("search", "rain", "--index", index);
        Assert.Equal(11, table.Out.TrimEnd().Split('\n').Length); // headings and ten hits
        await ExpectDamageIsRepaired(index, table.Out);
    }

    /// <summary>Rows at the end are cleared: no search may leave them out and say nothing.</summary>
    async Task ExpectDamageIsRepaired(string index, string expected)
    {
        using (var segment = new FileStream(Path.Combine(index, "vectors-000001.nrs"), FileMode.Open))
        {
            segment.Position = 4096 + (segment.Length - 4096) / 2;
            segment.Write(new byte[segment.Length - segment.Position]);
        }
        var search = await CommandLine.Run("search", "rain", "--index", index, "--top", "1");
        Assert.Equal((ExitCode.Corrupt, ""), (search.ExitCode, search.Out));
        Assert.Contains("vectors-000001.nrs: row ", search.Error);
        Assert.Contains("`nativeretrieval index` with the sounds of this index replaces what is damaged", search.Error);
        var verify = await CommandLine.Run("index", "verify", index);
        Assert.Equal(ExitCode.Corrupt, verify.ExitCode);
        Assert.DoesNotContain("anew", verify.Out);

        var repair = await CommandLine.Run("index", _demo.AudioFolder, "--model", _folder["run"], "--to", index);
        Assert.Equal(ExitCode.Ok, repair.ExitCode);
        Assert.Matches("warning: the index had damaged vectors of [1-9][0-9]* files; they were embedded again: check the disk",
            repair.Error);
        Assert.Equal(ExitCode.Ok, (await CommandLine.Run("index", "verify", index)).ExitCode);
        Assert.Equal(expected, (await CommandLine.Run("search", "rain", "--index", index)).Out);
    }

    [Fact]
    public async Task Exported_hits_are_the_sounds_own_samples_and_a_hit_without_its_file_is_listed()
    {
        await Train();
        string index = _folder["sounds.nrx"], export = _folder["deep/bells"];
        await Json(ExitCode.Ok, "index", _demo.AudioFolder, "--model", _folder["run"], "--to", index, "--json");
        var found = await Json(ExitCode.Ok, "search", "a bell rings", "--index", index, "--windows", "--top", "12", "--export", export,
            "--json");
        var hits = found.GetProperty("hits").EnumerateArray().ToArray();
        Assert.Equal(12, hits.Length);
        using var sounds = LocalAudioIndex.Open(index, IndexAccess.Read);
        Assert.Equal(hits.Select(hit => hit.GetProperty("excerpt").GetString()!).Order(StringComparer.Ordinal),
            Directory.GetFiles(export).Order(StringComparer.Ordinal));
        foreach (var hit in hits)
        {
            string path = hit.GetProperty("path").GetString()!, excerpt = hit.GetProperty("excerpt").GetString()!;
            Assert.Matches($@"^{hit.GetProperty("rank").GetInt32():00}--?[01]\.\d{{3}}-{Path.GetFileNameWithoutExtension(path)}-"
                + @"0m\d\d\.\ds\.wav$", Path.GetFileName(excerpt));
            var whole = Samples(path);
            var window = (await sounds.GetAsync(path, TestContext.Current.CancellationToken))!.Windows
                .Single(window => Math.Round(window.StartSeconds, 3) == hit.GetProperty("start_seconds").GetDouble());
            int start = (int)Math.Round(window.StartSeconds * whole.RateHz), end = (int)Math.Round(window.EndSeconds * whole.RateHz);
            var part = Samples(excerpt);
            Assert.Equal((whole.RateHz, whole.Channels), (part.RateHz, part.Channels));
            Assert.Equal(whole.Values[(start * whole.Channels)..(end * whole.Channels)], part.Values);
        }

        string[] again = ["search", "a bell rings", "--index", index, "--top", "3", "--export"];
        var refused = await CommandLine.Run([.. again, export]);
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.Contains("holds files already", refused.Error);
        Assert.Equal("", refused.Out);
        Assert.Equal(12, Directory.GetFiles(export).Length);
        Assert.Contains("is a file", (await CommandLine.Run([.. again, _demo.TestCsv])).Error);
        var unnamed = await CommandLine.Run("search", "--index", index, "--export", _folder["new"]);
        Assert.Equal(ExitCode.Usage, unnamed.ExitCode);
        Assert.Contains("--export and --export-list write the hits of one question", unnamed.Error);

        var ranked = (await Json(ExitCode.Ok, "search", "a bell rings", "--index", index, "--top", "3", "--json")).GetProperty("hits");
        string[] paths = [.. ranked.EnumerateArray().Select(hit => hit.GetProperty("path").GetString()!)];
        byte[] bytes = File.ReadAllBytes(paths[0]);
        bytes[^1] ^= 1;
        File.WriteAllBytes(paths[0], bytes);
        File.SetLastWriteTimeUtc(paths[0], DateTime.UnixEpoch);
        File.Delete(paths[1]);
        File.SetLastWriteTimeUtc(paths[2], DateTime.UnixEpoch);     // touched, with the content that was indexed
        var partial = await CommandLine.Run([.. again, _folder["partial"], "--json"]);
        Assert.Equal(ExitCode.Partial, partial.ExitCode);
        var excerpts = JsonDocument.Parse(partial.Out).RootElement.GetProperty("hits").EnumerateArray()
            .Select(hit => hit.GetProperty("excerpt").GetString() ?? "none");
        Assert.Equal(["none", "none", Assert.Single(Directory.GetFiles(_folder["partial"]))], excerpts);
        Assert.Contains($"1 excerpt in {_folder["partial"]}\nwarning: 2 hits have no excerpt:\n  1. {paths[0]}: has changed",
            partial.Error);
        Assert.Contains($"  2. {paths[1]}: does not exist\n", partial.Error);

        var alike = await Json(ExitCode.Ok, "similar", paths[2], "--index", index, "--top", "1", "--export", _folder["alike"], "--json");
        Assert.Equal(Assert.Single(Directory.GetFiles(_folder["alike"])), alike.GetProperty("hits")[0].GetProperty("excerpt").GetString());

        static (int RateHz, int Channels, float[] Values) Samples(string path)
        {
            using var stream = AudioDecoder.Open(path);
            var values = new List<float>();
            var block = new float[4096 * stream.Channels];
            for (int frames; (frames = stream.Read(block)) > 0;) values.AddRange(block.AsSpan(0, frames * stream.Channels));
            return (stream.SampleRateHz, stream.Channels, [.. values]);
        }
    }

    [Fact]
    public async Task A_check_finds_what_is_wrong_and_trains_nothing()
    {
        string[] check = ["train", _demo.TrainCsv, "--audio", _demo.AudioFolder, "--check", .. _quick];
        var good = await CommandLine.Run(check);
        Assert.Equal(ExitCode.Ok, good.ExitCode);
        Assert.StartsWith("data: 10 clips with 50 captions", good.Out);

        string[] sounds = [.. Directory.GetFiles(_demo.AudioFolder).Order(StringComparer.Ordinal)];
        File.WriteAllText(sounds[0], "text");
        var bad = await CommandLine.Run([.. check, "--json"]);
        Assert.Equal(ExitCode.Partial, bad.ExitCode);
        var finding = JsonDocument.Parse(bad.Out).RootElement.GetProperty("findings").EnumerateArray().First();
        Assert.Equal(("unreadable_file", "warning"),
            (finding.GetProperty("problem").GetString(), finding.GetProperty("severity").GetString()));

        File.Delete(sounds[1]);
        var missing = await CommandLine.Run(check);
        Assert.Equal(ExitCode.Failure, missing.ExitCode);
        Assert.Contains($"error: 1 sound file is missing: {Path.GetFileName(sounds[1])}", missing.Out);
        foreach (string sound in sounds) File.Delete(sound);
        Assert.Equal(ExitCode.Failure, (await CommandLine.Run(check)).ExitCode);
        Assert.False(Directory.Exists(_folder["run"]));
    }

    [Fact]
    public async Task An_estimate_says_what_a_run_takes_and_trains_nothing()
    {
        string[] estimate = ["train", _demo.TrainCsv, "--audio", _demo.AudioFolder, "--estimate", .. _quick];
        var json = await Json(ExitCode.Ok, [.. estimate, "--json"]);
        Assert.Equal((2, 1), (json.GetProperty("steps_per_epoch").GetInt32(), json.GetProperty("epochs_left").GetInt32()));
        Assert.True(json.GetProperty("fits").GetBoolean() && json.GetProperty("clips_per_second").GetDouble() > 0
            && json.GetProperty("peak_memory_bytes").GetInt64() > 0);
        Assert.Matches("^estimate: .* clips/s, .* an epoch of 2 batches, .* for 1 epoch; memory ", (await CommandLine.Run(estimate)).Out);
        Assert.Contains("estimate: ", await Train());
    }

    [Fact]
    public async Task The_very_command_of_a_run_resumes_it_and_another_setting_is_refused()
    {
        await Train();
        string[] again = ["train", _demo.TrainCsv, "--audio", _demo.AudioFolder, "--to", _folder["run"], .. _quick, "--resume"];
        Assert.Equal(ExitCode.Ok, (await CommandLine.Run(again)).ExitCode);
        var other = await CommandLine.Run([.. again, "--set", "training.lr=0.5"]);
        Assert.Equal(ExitCode.Usage, other.ExitCode);
        Assert.Contains("training.lr is 0.002 in the run and 0.5 in the command", other.Error);
        var longer = await CommandLine.Run([.. again, "--set", "training.epochs=2"]);
        Assert.Equal(ExitCode.Ok, longer.ExitCode);
        Assert.Contains("training.epochs was 1 and is now 2", longer.Error);
        Assert.Contains("epoch 2/2: ", longer.Error);
        Assert.Contains("(last epoch, without validation data)", longer.Error);
    }

    [Theory]
    [InlineData("", "--to")]
    [InlineData("--to run --json", "--check or --estimate")]
    [InlineData("--check --estimate", "one of them")]
    [InlineData("--to run --resume --check", "one of them")]
    public async Task Options_that_contradict_each_other_are_refused(string options, string message)
    {
        var run = await CommandLine.Run(["train", _demo.TrainCsv, "--audio", _demo.AudioFolder,
            .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(message, run.Error);
    }

    [Fact]
    public async Task Several_caption_files_train_as_one_and_folders_must_match_them()
    {
        string[] both = ["train", _demo.TrainCsv, _demo.TestCsv, "--audio", _demo.AudioFolder, .. _quick, "--to", _folder["run"]];
        var run = await CommandLine.Run([.. both, "--audio", _demo.AudioFolder, "--set", "data.hold_out_clips=3", "--set",
            "training.epochs=4", "--set", "training.lr=1e-12",
            "--set", "training.early_stopping_epochs=1", "--set", "training.freeze_batch_norm=true"]);
        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Contains("stopped early", run.Error);
        Assert.Equal(4, File.ReadAllLines(Path.Combine(_folder["run"], "holdout.csv")).Length);
        Assert.Contains(_demo.TestCsv, File.ReadAllText(Path.Combine(_folder["run"], "run.json")));

        var refused = await CommandLine.Run([.. both, "--audio", _demo.AudioFolder, "--audio", _demo.AudioFolder]);
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.Contains("3 --audio folders for 2 caption files", refused.Error);
        var sizes = await CommandLine.Run("train", _demo.TrainCsv, "--audio", _demo.AudioFolder, "--init-from", _folder["run"], "--set",
            "model.embedding_dimension=3", "--to", _folder["next"]);
        Assert.Equal(ExitCode.Usage, sizes.ExitCode);
        Assert.Contains("model.embedding_dimension = 3 contradicts the weights", sizes.Error);
    }

    [Fact]
    public async Task A_damaged_sound_is_skipped_and_listed_and_the_exit_code_is_3()
    {
        await Train();
        string bad = Path.Combine(_demo.AudioFolder, "broken.wav");
        File.WriteAllText(bad, "text");
        var run = await CommandLine.Run("index", _demo.AudioFolder, "--model", _folder["run"], "--to", _folder["sounds.nrx"], "--json");
        Assert.Equal(ExitCode.Partial, run.ExitCode);
        Assert.Contains(bad, run.Error);
        Assert.Equal(1, JsonDocument.Parse(run.Out).RootElement.GetProperty("skipped").GetArrayLength());
    }

    [Fact]
    public async Task Training_prints_a_line_for_each_epoch() =>
        Assert.Single((await Train()).Split('\n'), line => line.StartsWith("epoch ", StringComparison.Ordinal));

    [Fact]
    public async Task The_prompt_answers_each_line_at_once_and_reads_a_pipe_to_its_end()
    {
        await Train();
        await Json(ExitCode.Ok, "index", _demo.AudioFolder, "--model", _folder["run"], "--to", _folder["sounds.nrx"], "--json");
        string[] ask = ["search", "--index", _folder["sounds.nrx"], "--top", "1"];
        string siren = (await CommandLine.Run([.. ask, "a siren"])).Out, rain = (await CommandLine.Run([.. ask, "rain"])).Out;

        using var pipe = new MemoryStream();
        var seen = new List<string>(); // by the other end of the pipe, before each line is read
        var lines = new Queue<string?>(["a siren", "", "  ", " rain ", null]);
        var output = new StreamWriter(pipe) { NewLine = "\n" };
        var error = new StringWriter { NewLine = "\n" };
        Assert.Equal(ExitCode.Ok, await CommandLine.Run(new Terminal(output, error, TimeProvider.System) { ReadLine = Next }, ask));
        Assert.Equal(["", siren, siren, siren, siren + rain], seen);
        Assert.DoesNotContain("empty line", error.ToString());

        var keys = new Queue<ConsoleKeyInfo>("rain\r\r".Select(typed => new ConsoleKeyInfo(typed, ConsoleKey.None, false, false, false)));
        var screen = new StringWriter { NewLine = "\n" };
        var keyboard = new Terminal(screen, error, TimeProvider.System, isInteractive: true) { ReadKey = keys.Dequeue };
        Assert.Equal(ExitCode.Ok, await CommandLine.Run(keyboard, ask));
        Assert.Equal(rain, screen.ToString());
        Assert.Contains("an empty line ends", error.ToString());

        string? Next()
        {
            seen.Add(System.Text.Encoding.UTF8.GetString(pipe.ToArray()));
            return lines.Dequeue();
        }
    }

    [Fact]
    public async Task A_changed_model_and_a_missing_one_are_refused_with_what_to_do()
    {
        await Train();
        await Json(ExitCode.Ok, "index", _demo.AudioFolder, "--model", _folder["run"], "--to", _folder["sounds.nrx"], "--json");
        Directory.Move(_folder["run"], _folder["moved"]);
        var missing = await CommandLine.Run("search", "rain", "--index", _folder["sounds.nrx"]);
        Assert.Equal(ExitCode.Usage, missing.ExitCode);
        Assert.Contains("--model", missing.Error);
        Assert.Equal(ExitCode.Ok, (await CommandLine.Run("search", "rain", "--index", _folder["sounds.nrx"], "--model", _folder["moved"]))
            .ExitCode);

        File.AppendAllText(Path.Combine(_folder["moved"], "vocab.txt"), "x");
        var corrupt = await CommandLine.Run("search", "rain", "--index", _folder["sounds.nrx"], "--model", _folder["moved"]);
        Assert.Equal(ExitCode.Corrupt, corrupt.ExitCode);
        Assert.Contains("SHA256SUMS", corrupt.Error);
    }

    [Theory]
    [InlineData("train nothing.csv --audio . --to run", "nothing.csv")]
    [InlineData("search rain --index nowhere.nrx", "nowhere.nrx")]
    [InlineData("evaluate nothing.csv --audio . --model nowhere", "nothing.csv")]
    [InlineData("index . --model nowhere --to x.nrx", "config.json")]
    public async Task What_is_absent_is_named(string line, string expected)
    {
        var run = await CommandLine.Run(line.Split(' '));
        Assert.NotEqual(ExitCode.Ok, run.ExitCode);
        Assert.Contains(expected, run.Error);
        Assert.DoesNotContain("internal error", run.Error);
    }

    public void Dispose() => _folder.Dispose();

    async Task<string> Train()
    {
        var run = await CommandLine.Run(["train", _demo.TrainCsv, "--audio", _demo.AudioFolder, "--to", _folder["run"], .. _quick]);
        Assert.True(run.ExitCode == ExitCode.Ok, run.Error);
        return run.Error;
    }

    static async Task<JsonElement> Json(int exitCode, params string[] args)
    {
        var run = await CommandLine.Run(args);
        Assert.True(run.ExitCode == exitCode, $"exit code {run.ExitCode}: {run.Error}");
        return JsonDocument.Parse(run.Out).RootElement;
    }
}
