using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn.Checkpoints;
using NativeRetrieval.TestModels;

namespace NativeRetrieval.Faults.Tests.Scenarios;

/// <summary><c>convert</c>: a folder of an audio encoder's checkpoint.</summary>
class ConvertScenario(string area) : Scenario(area)
{
    protected string Model => Path.Combine(Area, "model");

    protected virtual string Checkpoint => Path.Combine(Area, "cnn14.safetensors");

    protected virtual string Target => Path.Combine(Work, "models", "made");

    public override Task PrepareAsync()
    {
        Directory.CreateDirectory(Work);
        using var encoder = AudioEncoder.Create(new Cnn14Config { Channels = [2, 3, 4, 5, 4, 6] }, CpuDevice.Shared,
            new PhiloxSequence(default));
        StateFile.Write(Checkpoint, encoder);
        return Task.CompletedTask;
    }

    public override Task<CommandRun> RunAsync() => CommandLineAsync("convert", Checkpoint, "--to", Target);

    /// <summary>The same command; where the disturbed run came to its end, its result is there and refused as a target.</summary>
    public override async Task<CommandRun> RunAgainAsync()
    {
        var run = await RunAsync();
        return run.Error.Contains("there is something already", StringComparison.Ordinal) ? run with { ExitCode = 0 } : run;
    }

    public override Task<IReadOnlyList<string>> SeenAsync() => Task.FromResult(Hashes(Target));
}

/// <summary><c>convert</c>: a model folder of a file that holds a whole model.</summary>
sealed class ConvertModelScenario(string area) : ConvertScenario(area)
{
    protected override string Checkpoint => Path.Combine(Area, "model.safetensors");

    public override async Task PrepareAsync()
    {
        Directory.CreateDirectory(Work);
        TinyModel.Write(Model);
        await MustAsync(CommandLineAsync("convert", Model, "--to", Checkpoint));
    }

    public override Task<CommandRun> RunAsync() =>
        CommandLineAsync("convert", Checkpoint, "--to", Target, "--vocabulary", Path.Combine(Model, "vocab.txt"));
}

/// <summary><c>convert</c>: one file of a model folder.</summary>
sealed class ExportScenario(string area) : ConvertScenario(area)
{
    protected override string Checkpoint => Model;

    protected override string Target => Path.Combine(Work, "made.safetensors");

    public override Task PrepareAsync()
    {
        Directory.CreateDirectory(Work);
        TinyModel.Write(Model);
        return Task.CompletedTask;
    }

    public override Task<IReadOnlyList<string>> SeenAsync() =>
        Task.FromResult<IReadOnlyList<string>>([.. Hashes(Work).Where(line => line.StartsWith("made", StringComparison.Ordinal))]);
}
