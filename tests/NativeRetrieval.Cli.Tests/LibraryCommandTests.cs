using System.Text.Json;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Cuda;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

/// <summary>Questions to a library by sound, words and filters, with a model of random weights.</summary>
public sealed class LibraryCommandTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _index, _model;

    public LibraryCommandTests()
    {
        _model = TinyModel.Write(_folder["model"]);
        _index = _folder["i.nrx"];
        Directory.CreateDirectory(_folder["sounds/Animals"]);
        foreach (var (name, seconds) in ((string, double)[])[("Animals/BigDog.wav", 0.5), ("rain_02.wav", 3), ("door.wav", 1)])
            WavFile.Write(_folder[$"sounds/{name}"], seconds, 300 * seconds);
        File.WriteAllText(_folder["details.csv"], "file_name,description,keywords,location\n"
            + "door.wav,=an old hinge,\"wood, creak\",made-up shed\n");
    }

    public void Dispose() => _folder.Dispose();

    async Task IndexAsync() => Assert.Equal(0, (await CommandLine.Run("index", _folder["sounds"], "--model", _model, "--to", _index,
        "--device", "cpu",
        "--details", _folder["details.csv"])).ExitCode);

    Task<CommandLine> Search(params string[] args) => CommandLine.RunWithCache(_folder["cache"], ["search", .. args, "--index", _index,
        "--model", _model, "--device", "cpu"]);

    static string[] Names(CommandLine run)
    {
        Assert.True(run.ExitCode == 0, run.Error);
        return NamesOf(run.Out);
    }

    static string[] NamesOf(string answer)
    {
        using var document = JsonDocument.Parse(answer);
        return [.. document.RootElement.GetProperty("hits").EnumerateArray().Select(hit =>
            Path.GetFileName(hit.GetProperty("path").GetString()!))];
    }

    [Fact]
    public async Task That_there_is_no_driver_is_said_by_what_takes_long_and_not_with_every_answer()
    {
        Assert.SkipUnless(CudaReport.Make().HasNoDriver, "this machine has an NVIDIA driver");
        const string said = "running on the CPU: no NVIDIA driver was found";
        string door = _folder["sounds/door.wav"];
        Assert.Contains(said, (await CommandLine.Run("index", _folder["sounds"], "--model", _model, "--to", _index)).Error);
        File.WriteAllText(_folder["labels.txt"], "door\ndog\n");
        foreach (string[] command in (string[][])[["search", "a dog", "--index", _index], ["similar", door, "--index", _index],
            ["classify", door, "--labels", _folder["labels.txt"]], ["embed", door, "--to", _folder["e.jsonl"]]])
        {
            var run = await CommandLine.Run([.. command, "--model", _model]);
            Assert.True(run.ExitCode == 0, run.Error);
            Assert.DoesNotContain(said, run.Error);
        }
    }

    [Fact]
    public async Task Words_of_names_and_tables_come_first_and_are_shown()
    {
        await IndexAsync();
        Assert.Equal("BigDog.wav", Names(await Search("the dogs", "--weight", "9", "--json"))[0]);
        string table = (await Search("hinges", "--weight", "9")).Out;
        Assert.Contains("above", table.Split('\n')[0]);
        Assert.Matches("door.wav +hinges", table.Split('\n')[1]);
        Assert.DoesNotContain("words", (await Search("hinges", "--weight", "0")).Out);
    }

    [Fact]
    public async Task Shards_are_merged_with_what_changed_in_tables_and_folders()
    {
        Directory.CreateDirectory(_folder["disk"]);
        WavFile.Write(_folder["disk/hum.wav"], 0.5, 100);
        await IndexShardsAsync();
        Assert.Equal((4, 0, 0, 0, 0), await MergeAsync());
        Assert.Equal("door.wav", Names(await Search("hinges", "--weight", "9", "--json"))[0]);

        File.WriteAllText(_folder["details.csv"], "file_name,description\ndoor.wav,a zither\n");
        File.Move(_folder["sounds/rain_02.wav"], _folder["sounds/Animals/shower.wav"]);
        File.Delete(_folder["sounds/Animals/BigDog.wav"]);
        await IndexShardsAsync();
        Assert.Equal((0, 2, 1, 1, 1), await MergeAsync());
        Assert.Equal("door.wav", Names(await Search("zithers", "--weight", "9", "--json"))[0]);

        File.Delete(_folder["disk/hum.wav"]);
        await IndexShardsAsync("--allow-empty");
        var refused = await CommandLine.Run("index", "merge", _folder["shards"], "--to", _index, "--device", "cpu");
        Assert.Equal((2, true), (refused.ExitCode, refused.Error.Contains("is a disk not mounted?")));
        Assert.Equal((0, 2, 0, 1, 0), await MergeAsync("--allow-empty"));

        async Task IndexShardsAsync(params string[] options)
        {
            foreach (string shard in (string[])["1/2", "2/2"])
            {
                var run = await CommandLine.Run(["index", _folder["sounds"], _folder["disk"], "--model", _model, "--to", _folder["shards"],
                    "--shard", shard, "--device", "cpu", "--details", _folder["details.csv"], .. options]);
                Assert.True(run.ExitCode == 0, run.Error);
            }
        }

        async Task<(int Added, int Unchanged, int Moved, int Removed, int Redescribed)> MergeAsync(params string[] options)
        {
            var run = await CommandLine.Run(["index", "merge", _folder["shards"], "--to", _index, "--device", "cpu", "--json", .. options]);
            Assert.True(run.ExitCode == 0, run.Error);
            var report = JsonDocument.Parse(run.Out).RootElement;
            return (Of("added"), Of("unchanged"), Of("moved"), Of("removed"), Of("redescribed"));

            int Of(string name) => report.GetProperty(name).GetInt32();
        }
    }

    [Theory]
    [InlineData("--length ..600ms", "BigDog.wav")]
    [InlineData("--length 0.9s..0.05m", "door.wav rain_02.wav")]
    [InlineData("--in animals", "BigDog.wav")]
    [InlineData("--name RAIN*", "rain_02.wav")]
    [InlineData("--in animals --in nowhere", "BigDog.wav")]
    [InlineData("--name RAIN* --name *dog*", "BigDog.wav rain_02.wav")]
    [InlineData("--tag none --tag Creak --rate 48000 --rate 16000 --channels 2 --channels 1", "door.wav")]
    [InlineData("--tag Creak", "door.wav")]
    [InlineData("--rate 16000 --channels 1 --name *dog*", "BigDog.wav")]
    [InlineData("--rate 48000", "")]
    [InlineData("--added 7d", "BigDog.wav door.wav rain_02.wav")]
    [InlineData("--category none", "")]
    public async Task Filters_say_which_files_are_looked_at(string filter, string expected)
    {
        await IndexAsync();
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            Names(await Search(["rain falls", "--json", .. filter.Split(' ')])).Order(StringComparer.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_text_encoder_in_8_bits_searches_the_same_index_and_is_for_sentences()
    {
        await IndexAsync();
        string[] question = ["a dog is barking", "--weight", "0", "--json"];
        double[] exact = Scores(await Search(question)), rounded = Scores(await Search([.. question, "--text-precision", "int8"]));
        Assert.NotEqual(exact, rounded);
        Assert.Equal(exact, Scores(await Search([.. question, "--text-precision", "fp32"])));
        Assert.All(exact.Zip(rounded), pair => Assert.Equal(pair.First, pair.Second, 0.1));
        var sounds = await Search("--like", _folder["sounds/door.wav"], "--text-precision", "int8");
        Assert.Equal((2, true), (sounds.ExitCode, sounds.Error.Contains("is that of sentences, and this search has none")));
        var unknown = await Search("rain falls", "--text-precision", "int4");
        Assert.Equal((2, true), (unknown.ExitCode, unknown.Error.Contains("--text-precision int4: expected fp32 or int8")));

        static double[] Scores(CommandLine result) => [.. JsonDocument.Parse(result.Out).RootElement.GetProperty("hits")
            .EnumerateArray().Select(hit => hit.GetProperty("score").GetDouble()).Order()];
    }

    [Fact]
    public async Task A_query_bank_takes_hubs_down_and_is_for_sentences()
    {
        await IndexAsync();
        string bank = WriteBank(), few = _folder["few.txt"];
        File.WriteAllText(few, "rain\nrain\n");
        var refused = await Search("rain falls", "--query-bank", few);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("few.txt: 1 different sentence cannot tell", refused.Error);
        string plain = (await Search("a dog is barking", "--weight", "0", "--json")).Out;
        var banked = await Search("a dog is barking", "--weight", "0", "--json", "--query-bank", bank);
        Assert.Equal(3, Names(banked).Length);
        Assert.Equal(Scores(plain).Order(), Scores(banked.Out).Order());
        Assert.Contains("query bank: 20 sentences are embedded, and kept for the next time", banked.Error);
        Assert.Single(Directory.GetFiles(_folder["cache/nativeretrieval/query-banks"]));
        var again = await Search("a dog is barking", "--weight", "0", "--json", "--query-bank", bank);
        Assert.Equal((banked.Out, false), (again.Out, again.Error.Contains("embedded")));
        var alone = await Search("--like", _folder["sounds/door.wav"], "--query-bank", bank);
        Assert.Equal(2, alone.ExitCode);
        Assert.Contains("a query bank is of sentences, and the query has none", alone.Error);
        var absent = await Search("rain falls", "--query-bank", _folder["absent.txt"]);
        Assert.Equal(1, absent.ExitCode);
        Assert.Contains("absent.txt", absent.Error);

        static double[] Scores(string json) => [.. JsonDocument.Parse(json).RootElement.GetProperty("hits").EnumerateArray()
            .Select(hit => hit.GetProperty("score").GetDouble())];
    }

    [Theory]
    [InlineData("--length 1s", "--length 1s: expected two lengths")]
    [InlineData("--length ..", "expected two lengths")]
    [InlineData("--length 5s..1s", "no length is 5 s or more and 1 s or less")]
    [InlineData("--added yesterday", "--added yesterday: expected a day")]
    [InlineData("--weight -1", "0 to 1,000")]
    [InlineData("--export-list hits.txt", "ends in .csv")]
    [InlineData("--queries q.jsonl", "leave out the sentences")]
    public async Task Wrong_options_are_refused(string options, string message)
    {
        await IndexAsync();
        var run = await Search(["rain falls", .. options.Split(' ')]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error);
    }

    [Fact]
    public async Task Examples_are_weighed_beside_sentences()
    {
        await IndexAsync();
        string rain = _folder["sounds/rain_02.wav"];
        Assert.Equal("rain_02.wav", Names(await Search("--like", $"{rain}@2.5", "--json"))[0]);
        Assert.Equal("rain_02.wav", Names(await Search("a dog is barking^0.01", "--like", $"{rain}^5", "--weight", "0", "--json"))[0]);
        Assert.Equal((await Search("--like", $"{rain}@2.5", "--json")).Out, (await Search("--like", $"{rain}@2500ms", "--json")).Out);
        Assert.Contains("has no second 99", (await Search("--like", $"{rain}@99")).Error);
        string seconds = (await Similar("2.5")).Out;
        Assert.Equal("rain_02.wav", Names(await Similar("2.5"))[0]);
        foreach (string time in (string[])["2.5s", "2500ms"]) Assert.Equal(seconds, (await Similar(time)).Out);
        Assert.Contains("has no second 150", (await Similar("2.5m")).Error);
        foreach (string wrong in (string[])["2.5 s", "2,5", "1d", "soon", "-1"])
        {
            var refused = await Similar(wrong);
            Assert.Equal(2, refused.ExitCode);
            Assert.Contains($"--at {wrong}: expected seconds, or a number with its unit", refused.Error);
        }

        Task<CommandLine> Similar(string at) => CommandLine.Run("similar", rain, "--at", at, "--index", _index, "--model", _model,
            "--device", "cpu", "--json");
    }

    [Fact]
    public async Task Hits_are_written_as_a_table_and_as_a_playlist_and_nothing_is_overwritten()
    {
        await IndexAsync();
        Assert.Equal(0, (await Search("hinge", "--export-list", _folder["hits.csv"])).ExitCode);
        string[] rows = File.ReadAllLines(_folder["hits.csv"]);
        Assert.Equal("rank,path,start_seconds,end_seconds,score,percentile,sound_rank,word_rank,meaning_rank,words,duration_seconds,"
            + "sample_rate_hz,channels,added,title,description,category,cat_id,tags,library,other", rows[0]);
        Assert.Equal(4, rows.Length);
        Assert.Contains(rows, row => row.Contains("door.wav") && row.Contains(",'=an old hinge,") && row.Contains(",\"wood, creak\",")
            && row.EndsWith(",made-up shed"));
        Assert.Equal(0, (await Search("hinge", "--export-list", _folder["hits.m3u8"], "--top", "1", "--weight", "9")).ExitCode);
        Assert.Matches($"^#EXTM3U\n#EXTINF:1,1. door .*\n#EXTVLCOPT:start-time=0\n#EXTVLCOPT:stop-time=1\n{_folder["sounds/door.wav"]}\n$",
            File.ReadAllText(_folder["hits.m3u8"]));
        var again = await Search("hinge", "--export-list", _folder["hits.csv"]);
        Assert.Equal((2, rows[0]), (again.ExitCode, File.ReadAllLines(_folder["hits.csv"])[0]));
    }

    [Fact]
    public async Task Questions_in_lines_are_answered_in_lines()
    {
        await IndexAsync();
        File.WriteAllText(_folder["q.jsonl"], "{\"id\": 7, \"query\": [\"hinge\", \"dog\"], \"top\": 1}\n\n{\"like\": \""
            + _folder["sounds/door.wav"] + "\", \"not\": \"rain\"}\n");
        var run = await Search("--queries", _folder["q.jsonl"]);
        Assert.Equal(0, run.ExitCode);
        string[] lines = run.Out.TrimEnd('\n').Split('\n');
        using JsonDocument first = JsonDocument.Parse(lines[0]), second = JsonDocument.Parse(lines[1]);
        Assert.Equal((7, "hinge + dog", 1), (first.RootElement.GetProperty("id").GetInt32(),
            first.RootElement.GetProperty("query").GetString(),
            first.RootElement.GetProperty("hits").GetArrayLength()));
        Assert.Equal(2, lines.Length);
        Assert.DoesNotContain("rain_02", lines[1]);
        foreach (string bad in (string[])["[]", "{", "{\"quarry\": \"x\"}", "{\"id\": 1}", "{\"query\": 5}",
            "{\"query\": \"a\", \"top\": 0}", "{\"query\": \"a\", \"word_weight\": -1}", "{\"query\": \"a\", \"filter\": \"x\"}",
            "{\"query\": \"a\", \"filter\": {\"id\": \"x\"}}", "{\"query\": \"a\", \"filter\": {\"channels\": 0}}",
            "{\"query\": \"a\", \"filter\": {\"channels\": [1, 0]}}", "{\"query\": \"a\", \"filter\": {\"tag\": [\"x\", 1]}}",
            "{\"query\": \"a\", \"filter\": {\"added_after\": \"soon\"}}", "{\"query\": \"a\", \"filter\": {\"min_score\": 2}}",
            "{\"query\": \"a\", \"filter\": {\"min_seconds\": 5, \"max_seconds\": 1}}"])
        {
            File.WriteAllText(_folder["bad.jsonl"], "{\"query\": \"dog\"}\n" + bad + "\n");
            var refused = await Search("--queries", _folder["bad.jsonl"]);
            Assert.Equal(5, refused.ExitCode);
            Assert.Contains("line 2", refused.Error);
            Assert.StartsWith("{\"schema_version\":1,\"query\":\"dog\"", refused.Out);
        }
    }

    [Fact]
    public async Task A_line_has_a_weight_and_filters_of_its_own()
    {
        await IndexAsync();
        (string Members, string[] Found)[] lines =
        [
            ("", ["door.wav", "rain_02.wav"]),
            (", \"filter\": {}", ["door.wav", "rain_02.wav"]),
            (", \"filter\": {\"min_seconds\": 2, \"name\": \"\", \"channels\": null}", ["rain_02.wav"]),
            (", \"filter\": {\"min_seconds\": 0.1, \"folder\": \"animals\"}", ["BigDog.wav"]),
            (", \"filter\": {\"min_seconds\": 0.1, \"folder\": [\"nowhere\", \"animals\"], \"channels\": [2, 1], \"name\": []}",
                ["BigDog.wav"]),
            (", \"filter\": {\"tag\": \"Creak\", \"sample_rate_hz\": 16000, \"channels\": 1, \"added_after\": \"2020-01-01\"}",
                ["door.wav"]),
            (", \"filter\": {\"max_seconds\": 1.5, \"name\": \"*.WAV\", \"min_score\": -1}", ["door.wav"]),
            (", \"filter\": {\"category\": \"none\"}", []),
        ];
        File.WriteAllLines(_folder["q.jsonl"], lines.Select(line => $"{{\"query\": \"hinge\"{line.Members}}}"));
        var run = await Search("--queries", _folder["q.jsonl"], "--length", "0.6s..");
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal(lines.Select(line => string.Join(' ', line.Found)), run.Out.TrimEnd('\n').Split('\n').Select(answer =>
            string.Join(' ', NamesOf(answer).Order(StringComparer.OrdinalIgnoreCase))));
        File.WriteAllText(_folder["q.jsonl"], "{\"query\": \"hinge\"}\n{\"query\": \"hinge\", \"word_weight\": 0}\n");
        string[] weighted = (await Search("--queries", _folder["q.jsonl"], "--weight", "9")).Out.TrimEnd('\n').Split('\n');
        Assert.Equal("door.wav", NamesOf(weighted[0])[0]);
        Assert.Equal([true, false], weighted.Select(answer => answer.Contains("\"words\":[\"hinge\"]")));
    }

    [Fact]
    public async Task A_line_says_whether_it_takes_the_query_bank()
    {
        await IndexAsync();
        string bank = WriteBank(), lines = _folder["q.jsonl"];
        File.WriteAllText(lines, $$"""
            {"query": "rain falls"}
            {"query": "rain falls", "query_bank": true}
            {"query": "rain falls", "query_bank": false}
            {"like": "{{_folder["sounds/door.wav"]}}", "query_bank": false}
            """);
        var run = await Search("--queries", lines, "--weight", "0", "--query-bank", bank);
        Assert.Equal(0, run.ExitCode);
        string[] answers = run.Out.TrimEnd('\n').Split('\n');
        Assert.Equal(answers[0], answers[1]);
        Assert.NotEqual(answers[0], answers[2]);
        Assert.Equal(4, answers.Length);
        foreach (var (line, reason) in ((string, string)[])[("true", "asks for a query bank, and --query-bank names none"),
            ("1", "has a \"query_bank\" that is neither true nor false")])
        {
            File.WriteAllText(lines, $"{{\"query\": \"rain falls\", \"query_bank\": {line}}}\n");
            var refused = await Search("--queries", lines);
            Assert.Equal((5, ""), (refused.ExitCode, refused.Out));
            Assert.Contains($"line 1 {reason}", refused.Error);
        }
        File.WriteAllText(lines, $"{{\"like\": \"{_folder["sounds/door.wav"]}\"}}\n");
        var sounds = await Search("--queries", lines, "--query-bank", bank);
        Assert.Equal(5, sounds.ExitCode);
        Assert.Contains("line 1 has no sentence, which a query bank is for", sounds.Error);
    }

    string WriteBank()
    {
        File.WriteAllLines(_folder["bank.txt"], Enumerable.Range(0, 20).Select(i =>
            $"{(i % 2 == 0 ? "a dog is" : "rain")} {(i % 3 == 0 ? "barking" : "falls")} {i}"));
        return _folder["bank.txt"];
    }

    [Fact]
    public async Task Watching_ends_cleanly()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        StringWriter output = new() { NewLine = "\n" }, error = new StopAt("watching for changes", stop) { NewLine = "\n" };
        var terminal = new Terminal(output, error, TimeProvider.System) { Variable = _ => null };
        int code = await Application.RunAsync(["index", _folder["sounds"], "--model", _model, "--to", _index, "--device", "cpu", "--watch",
            "--json"],
            terminal, stop.Token);
        Assert.Equal(130, code);
        Assert.StartsWith("{\"schema_version\":1,\"embedded\":3", output.ToString());
        Assert.Equal(3, Names(await Search("rain", "--json")).Length);
    }

    /// <summary>Presses Ctrl-C, so to say, when a text is written.</summary>
    sealed class StopAt(string text, CancellationTokenSource stop) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(text, StringComparison.Ordinal) == true) stop.Cancel();
        }
    }
}
