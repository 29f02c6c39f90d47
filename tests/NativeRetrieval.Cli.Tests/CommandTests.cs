using System.Diagnostics;
using System.Text.Json;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Indexing;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

public sealed class CommandTests : IDisposable
{
    readonly TemporaryFolder _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public async Task DoctorTellsTheFactsAsTextAndAsJson()
    {
        var text = await CommandLine.Run("doctor");
        Assert.Equal(0, text.ExitCode);
        Assert.Contains($"threads          {CpuDevice.Threads}", text.Out);

        var json = await CommandLine.Run("doctor", "--json");
        using var document = JsonDocument.Parse(json.Out);
        Assert.Equal(1, document.RootElement.GetProperty("schema_version").GetInt32());
        Assert.Equal(CpuDevice.Threads, document.RootElement.GetProperty("threads").GetInt32());
        Assert.True(document.RootElement.GetProperty("memory_bytes").GetInt64() > 1 << 20);
        Assert.NotEqual(0, document.RootElement.GetProperty("libsndfile").GetProperty("names_tried").GetArrayLength());
        var sounds = document.RootElement.GetProperty("sound_formats").EnumerateArray()
            .ToDictionary(sound => sound.GetProperty("name").GetString()!, sound => sound.GetProperty("read_by").GetString());
        Assert.Equal(("built in", "NLayer"), (sounds["WAV (PCM, float)"], sounds["MP3"]));
        Assert.Contains("FLAC", text.Out);
        Assert.Equal("", json.Error);
        var cuda = document.RootElement.GetProperty("cuda");
        Assert.Equal(["NVIDIA driver", "NVRTC", "cuBLAS", "cuDNN", "NCCL"], cuda.GetProperty("libraries").EnumerateArray()
            .Select(library => library.GetProperty("name").GetString()));
        Assert.All(cuda.GetProperty("libraries").EnumerateArray(), library =>
            Assert.NotEqual(0, library.GetProperty("tried").GetArrayLength()));
        Assert.Equal(cuda.GetProperty("found").GetBoolean(), cuda.GetProperty("problem").GetString() is null);
    }

    [Fact]
    public void DoctorSaysWhatWasWrongWithALibrary()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the CUDA backend is for Linux");
        File.WriteAllText(_temporary["libcuda.so.1"], "not a library");
        var doctor = CommandLine.Start(new Dictionary<string, string> { ["NATIVERETRIEVAL_CUDA_PATH"] = _temporary.FullPath }, "doctor");
        Assert.Equal(0, doctor.ExitCode);
        Assert.Matches("NATIVERETRIEVAL_CUDA_PATH: .*libcuda.so.1: (file too short|invalid ELF header)", doctor.Out);
    }

    [Theory]
    [InlineData("search query --index sounds.nrx --device gpu", 2, "expected auto, cpu, cuda or cuda:N")]
    [InlineData("search query --index sounds.nrx --device cuda:-1", 2, "expected auto, cpu, cuda or cuda:N")]
    [InlineData("train a.csv --audio clips --to run --graphs yes", 2, "--graphs yes: expected on or off")]
    [InlineData("search query --index sounds.nrx --graphs off", 2, "--graphs")]
    [InlineData("search query --index sounds.nrx --device cuda", 1, "--device cuda: ")]
    [InlineData("search query --index sounds.nrx --precision half", 2, "--precision half: expected fp32, tf32, bf16")]
    [InlineData("search query --index sounds.nrx --device cpu --precision bf16", 2,
        "--precision bf16 needs a GPU: the CPU computes in fp32; take fp32, or --device cuda:0")]
    [InlineData("similar a.wav --index sounds.nrx --precision tf32", 2, "no GPU can be used (no NVIDIA driver was found")]
    [InlineData("index a.wav --model m --to sounds.nrx --precision tf32", 2, "--precision tf32 needs a GPU")]
    [InlineData("evaluate a.csv --audio . --model m --precision bf16", 2, "--precision bf16 needs a GPU")]
    [InlineData("doctor --parity . --precision bf16", 2, "--precision bf16 needs a GPU")]
    [InlineData("train a.csv --audio . --to run --precision bf16", 2, "training.precision = bf16 needs a GPU")]
    [InlineData("train a.csv --audio . --to run --set training.precision=tf32 --device cpu", 2, "training.precision = tf32 needs a GPU")]
    [InlineData("train a.csv --audio . --to run --precision bf16 --set training.precision=fp32", 2,
        "--precision bf16 and --set training.precision=fp32 name the same setting; give one of them")]
    [InlineData("similar a.wav --index sounds.nrx --device cuda:0", 1, "--device cuda:0: ")]
    [InlineData("index a.wav --model m --to sounds.nrx --device cuda:0", 1, "--device cpu")]
    [InlineData("evaluate a.csv --audio . --model m --device cuda:0", 1, "--device cpu")]
    [InlineData("train a.csv --audio . --to run --device cuda:0", 1, "--device cpu")]
    public async Task AGpuThatCannotBeUsedIsRefusedWithTheReason(string line, int exitCode, string message)
    {
        File.WriteAllText(_temporary["a.csv"], "file_name,caption\na.wav,a\n");
        var refused = await CommandLine.Run(line.Replace("a.csv", _temporary["a.csv"]).Split(' '));
        Assert.Equal((exitCode, ""), (refused.ExitCode, refused.Out));
        Assert.Contains(message, refused.Error);
    }

    [Fact]
    public async Task AnIndexIsLookedAfter()
    {
        string folder = await SmallIndex();
        var stats = await CommandLine.Run("index", "stats", folder);
        Assert.Matches(@"files +2\nwindows +2 of 10 s every 5 s\ndeleted +1 window\nvectors +4 x Float32, 1 segment\n", stats.Out);
        Assert.Equal("2 files, 2 windows: intact\n", (await CommandLine.Run("index", "verify", folder)).Out);

        var compacted = await CommandLine.Run("index", "compact", folder, "--json");
        Assert.Equal(0, compacted.ExitCode);
        using var document = JsonDocument.Parse((await CommandLine.Run("index", "stats", folder, "--json")).Out);
        Assert.Equal(0, document.RootElement.GetProperty("deleted_windows").GetInt64());
        Assert.Equal("tiny", document.RootElement.GetProperty("model").GetString());
    }

    [Fact]
    public async Task ADamagedIndexIsReportedWith5()
    {
        string folder = await SmallIndex();
        using (var segment = new FileStream(Path.Combine(folder, "vectors-000001.nrs"), FileMode.Open))
        {
            segment.Position = 4096 + 64 + 3;
            segment.WriteByte(0xFF);
        }
        var verify = await CommandLine.Run("index", "verify", folder, "--json");
        Assert.Equal(5, verify.ExitCode);
        using var document = JsonDocument.Parse(verify.Out);
        Assert.False(document.RootElement.GetProperty("intact").GetBoolean());
        Assert.Contains("row 1 at byte 4,160", document.RootElement.GetProperty("problems")[0].GetString());

        File.WriteAllText(Path.Combine(folder, "catalogue.db"),
            "not a database, but long enough to have a header of one hundred bytes, which is what SQLite reads first of all");
        var stats = await CommandLine.Run("index", "stats", folder);
        Assert.Equal((5, ""), (stats.ExitCode, stats.Out));
    }

    [Fact]
    public async Task AMissingIndexIsAFailureThatSaysWhatToDo()
    {
        var run = await CommandLine.Run("index", "stats", _temporary["none.nrx"]);
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.Contains("there is no index; build one with", run.Error);
    }

    [Fact]
    public void TheRealProcessKeepsResultsAndMessagesApart()
    {
        var version = CommandLine.Start("--version");
        Assert.Equal((0, ""), (version.ExitCode, version.Error));
        Assert.StartsWith("nativeretrieval ", version.Out);
        var wrong = CommandLine.Start("docter");
        Assert.Equal((2, ""), (wrong.ExitCode, wrong.Out));
    }

    [Theory]
    [InlineData("nativeretrieval do", "doctor")]
    [InlineData("nativeretrieval index ver", "verify")]
    [InlineData("nativeretrieval index stats --j", "--json")]
    [InlineData("nativeretrieval doctor --q", "--quiet")]
    public async Task BashCompletesCommandsAndOptions(string line, string expected)
    {
        if (!File.Exists("/bin/bash"))
        {
            Assert.Skip("/bin/bash is not here");
            return;
        }
        string script = (await CommandLine.Run("completion", "bash")).Out;
        string[] words = line.Split(' ');
        string test = $"{script}\nCOMP_WORDS=({line}); COMP_CWORD={words.Length - 1}; _nativeretrieval; echo \"${{COMPREPLY[*]}}\"";
        using var bash = Process.Start(new ProcessStartInfo("/bin/bash", ["-c", test]) { RedirectStandardOutput = true })!;
        Assert.Equal(expected, bash.StandardOutput.ReadToEnd().Trim());
    }

    [Theory]
    [InlineData("zsh", "\"index compact\") words_=\"--json --quiet --help\";;")]
    [InlineData("fish", "complete -c nativeretrieval -n '__fish_use_subcommand' -a doctor -d")]
    public async Task OtherShellsHaveScriptsToo(string shell, string expected) =>
        Assert.Contains(expected, (await CommandLine.Run("completion", shell)).Out);

    async Task<string> SmallIndex()
    {
        string folder = _temporary["sounds.nrx"];
        using var index = LocalAudioIndex.Create(folder, new IndexSettings
        {
            ModelId = "tiny",
            ModelFingerprint = "0123",
            Dimension = 4,
            WindowSeconds = 10,
            HopSeconds = 5,
        });
        for (int i = 0; i < 3; i++)
        {
            var file = new IndexedFile
            {
                Path = $"{i}.wav",
                FullPath = $"/{i}.wav",
                ContentHash = $"{i:x64}",
                SizeBytes = 1,
                ModifiedUtc = DateTime.UnixEpoch,
            };
            await index.UpsertAsync(new AudioIndexEntry(file, [new AudioWindow(0, 10, new float[] { 1, i, 2, 3 })]));
        }
        await index.DeleteAsync(["/0.wav"]);
        return folder;
    }
}
