using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Engine;
using NativeRetrieval.Models;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

public sealed class EmbedTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _model;

    public EmbedTests() => _model = TinyModel.Write(_folder["model"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Sentences_come_as_JSON_lines_on_stdout_with_the_engines_own_vectors()
    {
        var run = await CommandLine.Run("embed", "--text", "a dog is barking", "--text", "rain falls", "--model", _model,
            "--device", "cpu");
        Assert.Equal(0, run.ExitCode);
        string[] lines = run.Out.TrimEnd('\n').Split('\n');
        using var engine = RetrievalEngine.Open(_model, CpuDevice.Shared);
        float[] expected = engine.EmbedTexts(["a dog is barking", "rain falls"]);
        Assert.Equal(expected, lines.SelectMany(Vector));
        using var first = JsonDocument.Parse(lines[0]);
        Assert.Equal("a dog is barking", first.RootElement.GetProperty("text").GetString());
    }

    [Fact]
    public async Task Windows_of_sounds_are_rows_of_a_NumPy_matrix_with_a_list_beside_it()
    {
        WriteSound("short.wav", 1);
        WriteSound("long.wav", 5);
        var run = await CommandLine.Run("embed", _folder["sounds"], "--model", _model, "--to", _folder["v.npy"], "--device", "cpu");
        Assert.Equal(0, run.ExitCode);
        byte[] file = File.ReadAllBytes(_folder["v.npy"]);
        Assert.Equal([0x93, .. "NUMPY"u8, 1, 0], file[..8]);
        int header = 10 + BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(8));
        Assert.Equal(0, header % 64);
        Assert.Equal("{'descr': '<f4', 'fortran_order': False, 'shape': (5, 8), }", Encoding.ASCII.GetString(file[10..header]).TrimEnd());
        Assert.Equal(header + 5 * 8 * sizeof(float), file.Length);

        using var engine = RetrievalEngine.Open(_model, CpuDevice.Shared);
        var windows = engine.EmbedFile(_folder["sounds/long.wav"], 2, 1, TestContext.Current.CancellationToken);
        Assert.Equal(windows[1].Vector.ToArray(), Enumerable.Range(8, 8).Select(i => BitConverter.ToSingle(file, header + 4 * i)));
        string[] rows = File.ReadAllLines(_folder["v.rows.jsonl"]);
        Assert.Equal(5, rows.Length);
        using var second = JsonDocument.Parse(rows[1]);
        Assert.Equal(_folder["sounds/long.wav"], second.RootElement.GetProperty("path").GetString());
        Assert.Equal((1, 3), (second.RootElement.GetProperty("start_seconds").GetDouble(),
            second.RootElement.GetProperty("end_seconds").GetDouble()));
    }

    [Fact]
    public async Task Safetensors_hold_vectors_times_rows_and_the_models_fingerprint()
    {
        WriteSound("long.wav", 3);
        var run = await CommandLine.Run("embed", _folder["sounds/long.wav"], "--model", _model, "--to", _folder["v.safetensors"],
            "--hop", "2", "--device", "cpu");
        Assert.Equal(0, run.ExitCode);
        using var file = SafetensorsFile.Open(_folder["v.safetensors"]);
        using var engine = RetrievalEngine.Open(_model, CpuDevice.Shared);
        var windows = engine.EmbedFile(_folder["sounds/long.wav"], 2, 2, TestContext.Current.CancellationToken);
        Assert.Equal(windows.SelectMany(window => window.Vector.ToArray()), file.ReadFloat32("vectors"));
        Assert.Equal([2, 2], file.Entry("seconds").Shape);
        Assert.Equal(ModelFolder.Fingerprint(_model), file.Metadata["model_sha256"]);
        Assert.Equal([_folder["sounds/long.wav"], _folder["sounds/long.wav"]],
            JsonSerializer.Deserialize<string[]>(file.Metadata["rows"])!);
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_listed_and_the_others_are_embedded()
    {
        WriteSound("good.wav", 1);
        File.WriteAllText(_folder["sounds/bad.wav"], "no sound");
        var run = await CommandLine.Run("embed", _folder["sounds"], "--model", _model, "--to", _folder["v.jsonl"], "--device", "cpu");
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("bad.wav", run.Error);
        Assert.DoesNotContain("--texts", run.Error);
        Assert.Single(File.ReadAllLines(_folder["v.jsonl"]));
    }

    [Theory]
    [InlineData("v.npy")]
    [InlineData("v.jsonl")]
    [InlineData("v.safetensors")]
    [InlineData(null)]
    public async Task Sentences_that_are_named_as_a_sound_write_no_file_and_hint_at_texts(string? to)
    {
        File.WriteAllText(_folder["texts.txt"], "rain falls\na dog is barking\n");
        var run = await CommandLine.Run(["embed", _folder["texts.txt"], "--model", _model, "--device", "cpu",
            .. (string[])(to is null ? [] : ["--to", _folder[to]])]);
        Assert.Equal((ExitCode.Failure, ""), (run.ExitCode, run.Out));
        Assert.Contains("error: none of the sounds could be embedded, and nothing was written:\n", run.Error);
        Assert.Contains($"{_folder["texts.txt"]}: ", run.Error);
        Assert.EndsWith($"if {_folder["texts.txt"]} has a sentence on each line, name it by --texts\n", run.Error);
        Assert.Equal(["model", "texts.txt"], Directory.EnumerateFileSystemEntries(_folder.FullPath).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Sounds_of_which_none_can_be_heard_leave_an_older_file_as_it_was()
    {
        Directory.CreateDirectory(_folder["sounds"]);
        File.WriteAllText(_folder["sounds/bad.wav"], "no sound");
        File.WriteAllText(_folder["v.npy"], "older");
        var run = await CommandLine.Run("embed", _folder["sounds"], "--model", _model, "--to", _folder["v.npy"], "--device", "cpu");
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("bad.wav", run.Error);
        Assert.DoesNotContain("--texts", run.Error);
        Assert.Equal("older", File.ReadAllText(_folder["v.npy"]));
        Assert.False(File.Exists(_folder["v.rows.jsonl"]));
    }

    [Fact]
    public async Task Sentences_in_8_bits_have_the_engines_own_vectors_and_the_file_says_so()
    {
        var exact = await WrittenAsync();
        var rounded = await WrittenAsync("--text-precision", "int8");
        Assert.Equal(("fp32", "int8"), (exact.Precision, rounded.Precision));
        using var engine = RetrievalEngine.Open(_model, CpuDevice.Shared, ModelParts.Text, TextPrecision.Int8);
        Assert.Equal(engine.EmbedTexts(["rain falls"]), rounded.Vectors);
        Assert.NotEqual(exact.Vectors, rounded.Vectors);

        async Task<(float[] Vectors, string Precision)> WrittenAsync(params string[] options)
        {
            Assert.Equal(0, (await CommandLine.Run(["embed", "--text", "rain falls", "--model", _model, "--device", "cpu", "--to",
                _folder["v.safetensors"], .. options])).ExitCode);
            using var file = SafetensorsFile.Open(_folder["v.safetensors"]);
            return (file.ReadFloat32("vectors"), file.Metadata["text_precision"]);
        }
    }

    [Theory]
    [InlineData("is that of sentences, and a list of sounds has none", "a.wav", "--text-precision", "int8")]
    [InlineData("--text-precision int4: expected fp32 or int8", "--text", "rain", "--text-precision", "int4")]
    [InlineData("expected .npy, .jsonl or .safetensors", "--text", "rain", "--to", "vectors.csv")]
    [InlineData("one of them", "--text", "rain", "a.wav")]
    [InlineData("one of them")]
    [InlineData("absent.txt", "--texts", "absent.txt")]
    public async Task What_cannot_be_meant_is_refused(string message, params string[] arguments)
    {
        var run = await CommandLine.Run(["embed", "--model", _model, "--device", "cpu", .. arguments]);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("internal error", run.Error);
    }

    static float[] Vector(string line)
    {
        using var json = JsonDocument.Parse(line);
        return [.. json.RootElement.GetProperty("vector").EnumerateArray().Select(value => value.GetSingle())];
    }

    void WriteSound(string name, int seconds)
    {
        Directory.CreateDirectory(_folder["sounds"]);
        WavFile.Write(_folder["sounds/" + name], seconds, pitchHz: 440);
    }
}
