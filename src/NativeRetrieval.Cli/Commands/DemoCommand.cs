using System.CommandLine;
using NativeRetrieval.Cli.Commands.Evaluations;
using NativeRetrieval.Cli.Commands.Indexes;
using NativeRetrieval.Cli.Commands.Searches;
using NativeRetrieval.Cli.Commands.TrainingRuns;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Demo;
using NativeRetrieval.Engine;
using NativeRetrieval.Evaluation;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Indexing;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>demo</c>: the whole way from nothing to a ranked list, on sounds that it makes itself.</summary>
internal static class DemoCommand
{
    const ulong Seed = 1;
    const string Query = "a siren wails";

    public static Command Create(Terminal terminal)
    {
        var to = new Option<DirectoryInfo>("--to")
        {
            Description = "Folder for sounds, model and index; model and index are made anew.",
            HelpName = "DIR",
            DefaultValueFactory = _ => new DirectoryInfo("nativeretrieval-demo"),
        };
        var device = DeviceOption.Create();
        var command = new DocumentedCommand("demo", "Make a small sound collection, train on it, evaluate, index and search: "
            + "the whole way in a few minutes.")
        {
            Examples = [("nativeretrieval demo", "Everything, into ./nativeretrieval-demo")],
        };
        foreach (Option option in (Option[])[to, .. device.Options]) command.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var runsOn = device.Open(parsed, terminal);
            return await RunAsync(terminal, Relative(parsed.GetRequiredValue(to).FullName), runsOn, cancellation);
        });
        return command;
    }

    static async Task<int> RunAsync(Terminal terminal, string folder, Device device, CancellationToken cancellation)
    {
        string sounds = Path.Combine(folder, "sounds"), model = Path.Combine(folder, "model"), index = Path.Combine(folder, "sounds.nrx"),
            cache = Path.Combine(folder, "cache");
        foreach (string old in (string[])[model, index])
            if (Directory.Exists(old)) Directory.Delete(old, recursive: true);

        terminal.Message("1/4  making sounds");
        // The folder appears when it is complete, and the same seed gives the same sounds: what an earlier demo made can be used again.
        if (!Directory.Exists(sounds)) DemoCollection.Create(sounds, Seed);
        var collection = DemoCollection.At(sounds);
        var settings = SettingsLoader.Load("tiny", [$"training.precision={PrecisionName.Of(device.Precision)}"]);
        var training = CaptionCsv.Read(collection.TrainCsv, collection.AudioFolder);
        var test = CaptionCsv.Read(collection.TestCsv, collection.AudioFolder); // what is wrong with it is said before training

        terminal.Message($"2/4  training on {training.Clips.Count} clips with {training.CaptionCount} captions");
        TrainCommand.Run(terminal, new TrainingRequest
        {
            Training = training,
            RunFolder = model,
            Settings = settings,
            FeatureCache = cache,
            Device = device,
            Time = terminal.Time,
        }, cancellation);

        var outcome = EvaluationSession.Run(new EvaluationRequest
        {
            Csv = collection.TestCsv,
            Audio = collection.AudioFolder,
            Models = [model],
            FeatureCache = cache,
            Device = device,
        }, progress: null, cancellation);
        double chance = 10.0 / test.Clips.Count;
        terminal.Message($"3/4  evaluating on {test.Clips.Count} clips it has never heard (chance R@10: {chance:F2})");
        EvaluationOutput.Print(terminal, outcome.Report!);
        terminal.Flush(); // stdout may be a pipe: keep its lines between the messages on stderr

        terminal.Message("4/4  indexing and searching");
        using var engine = RetrievalEngine.Open(model, device);
        await IndexBuild.RunAsync(terminal, engine, [collection.AudioFolder], IndexPlace.Of(index), null, null, cancellation);
        using var opened = LocalAudioIndex.Open(index, IndexAccess.Read);
        terminal.Line("");
        terminal.Line($"search \"{Query}\"");
        HitList.Write(terminal, json: false, "query", Query,
            (await new LibrarySearch(engine, opened).SearchAsync(
                new LibraryQuery { Parts = [QueryPart.Sentence(Query)], Top = 5 }, cancellation)).Hits);

        string sound = Directory.EnumerateFiles(collection.AudioFolder).Order(StringComparer.Ordinal).First();
        terminal.Line("");
        terminal.Line("Next:");
        terminal.Line($"  nativeretrieval search \"birds chirp, then a bell rings\" --index {index}");
        terminal.Line($"  nativeretrieval similar {sound} --index {index}");
        terminal.Line("  nativeretrieval train YOUR.csv --audio YOUR_SOUNDS --preset tiny --to runs/first");
        return ExitCode.Ok;
    }

    /// <summary>The path as a person would write it, so that what is printed can be typed.</summary>
    static string Relative(string path) => Path.GetRelativePath(Environment.CurrentDirectory, path);
}
