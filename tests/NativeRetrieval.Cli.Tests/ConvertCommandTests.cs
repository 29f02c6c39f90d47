using System.Text.Json;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn.Checkpoints;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

public sealed class ConvertCommandTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task A_checkpoint_becomes_a_folder_and_a_file_again()
    {
        string checkpoint = Checkpoint();
        var there = await CommandLine.Run("convert", checkpoint, "--to", _folder["model"]);
        Assert.Equal((0, ""), (there.ExitCode, there.Error));
        Assert.Contains("64 tensors mapped, 0 ignored, 0 missing, 0 unexpected", there.Out);
        Assert.Contains("block 6 pools 2x2", there.Out);
        Assert.EndsWith($"audio encoder: {_folder["model"]}\n", there.Out);
        Assert.Equal(64, Json(await CommandLine.Run("convert", _folder["model"], "--to", _folder["back.safetensors"], "--json"))
            .GetProperty("mapped").GetInt32());
        using var back = SafetensorsFile.Open(_folder["back.safetensors"]);
        Assert.Contains("conv_block6.bn2.running_var", back.Names);
    }

    [Fact]
    public async Task Weights_of_8_bits_are_a_choice_of_the_folder()
    {
        var small = Json(await CommandLine.Run("convert", Checkpoint(), "--to", _folder["int8"], "--weights", "int8", "--json"));
        Assert.StartsWith("8-bit", small.GetProperty("settings").GetProperty("weights").GetString());
        Assert.Equal(0, (await CommandLine.Run("convert", _folder["int8"], "--to", _folder["float32"], "--weights", "float32")).ExitCode);
        var again = await CommandLine.Run("convert", _folder["int8"], "--to", _folder["again"], "--weights", "int8");
        Assert.Equal(ExitCode.Usage, again.ExitCode);
        Assert.Contains("8-bit already", again.Error);
        var unknown = await CommandLine.Run("convert", Checkpoint(), "--to", _folder["again"], "--weights", "int4");
        Assert.Equal(ExitCode.Usage, unknown.ExitCode);
        Assert.Contains("Must be one of: 'float32' 'int8'", unknown.Error);
        var both = await CommandLine.Run("convert", _folder["int8"], "--to", _folder["int8.safetensors"]);
        Assert.Contains("float32 of the quantized model", both.Out);
    }

    [Fact]
    public async Task The_report_is_one_document()
    {
        var json = Json(await CommandLine.Run("convert", Checkpoint(), "--to", _folder["model"], "--front-end", "16k", "--block6-pooling",
            "1x1", "--json"));
        Assert.Equal(("encoder-cnn14", "audio encoder", 0),
            (json.GetProperty("map").GetString(), json.GetProperty("kind").GetString(), json.GetProperty("missing").GetArrayLength()));
        Assert.Contains("16000 Hz", json.GetProperty("settings").GetProperty("front end").GetString());
    }

    [Fact]
    public async Task Inspection_shows_every_tensor_and_writes_nothing()
    {
        string checkpoint = Checkpoint();
        var run = await CommandLine.Run("convert", checkpoint, "--inspect");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("conv_block1.conv1.weight", run.Out);
        Assert.Equal(64, Json(await CommandLine.Run("convert", checkpoint, "--inspect", "--json")).GetProperty("tensors").GetArrayLength());
        Assert.Equal([checkpoint], Directory.GetFileSystemEntries(_folder.FullPath));
    }

    [Theory]
    [InlineData(5, "of none of the forms", "none.safetensors", "--to", "model")]
    [InlineData(5, "does not follow bert", "cnn14.safetensors", "--to", "model", "--map", "bert")]
    [InlineData(2, "no name map 'x'", "cnn14.safetensors", "--to", "model", "--map", "x")]
    [InlineData(2, "--inspect to look only", "cnn14.safetensors")]
    [InlineData(2, "give --to DIR", "cnn14.safetensors", "--to", "model.safetensors", "--weights", "int8")]
    [InlineData(2, "give --to DIR", "cnn14.safetensors", "--inspect", "--weights", "float32")]
    [InlineData(2, "no text encoder", "cnn14.safetensors", "--to", "model", "--heads", "3")]
    [InlineData(1, "cannot be read", "absent.pth", "--to", "model")]
    [InlineData(1, "absent or empty", "cnn14.safetensors", "--to", "taken")]
    public async Task What_cannot_be_converted_is_one_message_and_its_code(int code, string message, string checkpoint,
        params string[] args)
    {
        Checkpoint();
        SafetensorsWriter.Write(_folder["none.safetensors"], [SafetensorsItem.Float32("a", [1], new float[1])]);
        Directory.CreateDirectory(_folder["taken"]);
        File.WriteAllText(_folder["taken/file"], "");
        args = [.. args.Select(arg => arg is "model" or "taken" ? _folder[arg] : arg)];
        var run = await CommandLine.Run(["convert", _folder[checkpoint], .. args]);
        Assert.Equal((code, ""), (run.ExitCode, run.Out));
        Assert.Contains(message, run.Error);
        Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
        Assert.False(Directory.Exists(_folder["model"]));
    }

    public void Dispose() => _folder.Dispose();

    string Checkpoint()
    {
        var config = new Cnn14Config { Channels = [2, 3, 4, 5, 4, 6] };
        using var encoder = AudioEncoder.Create(config, CpuDevice.Shared, new PhiloxSequence(default));
        StateFile.Write(_folder["cnn14.safetensors"], encoder);
        return _folder["cnn14.safetensors"];
    }

    static JsonElement Json(CommandLine run)
    {
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var json = JsonDocument.Parse(run.Out).RootElement;
        Assert.Equal(1, json.GetProperty("schema_version").GetInt32());
        return json;
    }
}
