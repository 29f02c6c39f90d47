using System.CommandLine;
using NativeRetrieval.Cli.Commands.Indexes;
using NativeRetrieval.Cli.Commands.ModelFolders;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Cli.Commands.Searches;

/// <summary><c>classify FILE… --labels labels.txt --model MODEL</c>, or the recordings of an index.</summary>
internal static class ClassifyCommand
{
    const double DefaultThreshold = 20;

    public static Command Create(Terminal terminal)
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "Sound files, and folders to search for them; or none, with --index.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var labels = new Option<FileInfo[]>("--labels")
        {
            Description = "A file with a label on each line: a word or a few. May be repeated: shares are among the labels of one file.",
            HelpName = "FILE",
            Required = true,
        };
        var index = new Option<DirectoryInfo?>("--index")
        {
            Description = "Classify the recordings of this index, by the vectors it has; the filters below choose among them.",
            HelpName = "sounds.nrx",
        };
        var filter = new FilterOptions();
        var model = ModelChoice.Option();
        var template = new Option<string>("--template")
        {
            Description = "Sentence around each label, with {} in its place.",
            HelpName = "SENTENCE",
            DefaultValueFactory = _ => ZeroShotClassifier.DefaultTemplate,
        };
        var threshold = new Option<double>("--threshold")
        {
            Description = "Least share in percent: labels below it are not named, and a sound without any is said to be none of them.",
            HelpName = "PERCENT",
            DefaultValueFactory = _ => DefaultThreshold,
        };
        threshold.RequireRange(0, 100, "0 to 100 percent");
        var windows = new Option<bool>("--windows") { Description = "Name the labels of each window, not only of the whole file." };
        var lines = new Option<bool>("--json-lines")
        {
            Description = "Print one line of JSON for each sound, as soon as it is classified.",
        };
        var precision = new TextPrecisionOption("Shares change a little; vectors of sounds stay as they are.");
        var device = DeviceOption.Create(isShort: true);
        var json = JsonOutput.Option();
        var command = new DocumentedCommand("classify", "Name the labels that fit a sound, without training on them.")
        {
            Examples =
            [
                ("nativeretrieval classify door.wav --labels labels.txt --model model", "Labels with their shares in percent"),
                ("nativeretrieval classify night.flac --labels labels.txt --model model --windows", "With times, over a long recording"),
                ("nativeretrieval classify sounds --labels labels.txt --model model --threshold 0 --json", "Every share, for programs"),
                ("nativeretrieval classify --index sounds.nrx --in Foley --labels kinds.txt --labels rooms.txt --json-lines",
                    "Recordings of an index, by two sets of labels, a line each"),
            ],
        };
        command.Add(files);
        foreach (Option option in (Option[])[labels, index, .. filter.OfFiles, model, template, threshold, windows, precision,
            .. device.Options, json, lines])
            command.Add(option);
        command.Validators.Add(result =>
        {
            bool hasFiles = result.GetValue(files) is { Length: > 0 }, hasIndex = result.GetValue(index) is not null;
            if (hasFiles == hasIndex) result.AddError("name the sound files or folders to classify, or an index by --index, and not both");
            if (!hasIndex && filter.OfFiles.FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } alone)
                result.AddError($"{alone.Name} chooses among the recordings of an index; name one by --index");
            if (result.GetValue(json) && result.GetValue(lines))
                result.AddError("--json prints one document, --json-lines many; choose one");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            var sets = parsed.GetRequiredValue(labels)
                .Select(file => (file.Name, Labels: TextLines.Read(file.FullName, "label"))).ToArray();
            string? folder = parsed.GetValue(index) is { } given
                ? Path.GetFullPath(IndexPlace.FolderOf(given.ToString(), "classify --index")) : null;
            using var runsOn = device.Open(parsed, terminal);
            using var sounds = folder is not null
                ? IndexedSounds.Open(terminal, folder, parsed.GetValue(model), runsOn, precision.Of(parsed),
                    filter.Of(parsed, terminal.Time.GetUtcNow()))
                : FoundFiles.Open(terminal, parsed.GetValue(files)!, parsed.GetValue(model), runsOn, precision.Of(parsed), cancellation);
            LabelSet[] classifiers = [.. sets.Select(set => new LabelSet(set.Name, new ZeroShotClassifier(sounds.Engine, set.Labels,
                parsed.GetRequiredValue(template))))];
            var output = new ClassifyOutput(terminal, parsed.GetValue(threshold) / 100, classifiers.Length > 1, parsed.GetValue(windows),
                sounds.Background, parsed.GetValue(lines));
            using (var progress = new Progress(terminal, "classifying", sounds.Count, "files", leavesLine: false))
            {
                int done = 0;
                await foreach (var (path, all) in sounds.ReadAsync(cancellation))
                {
                    if (all is not null)
                        foreach (var part in parsed.GetValue(windows) ? all.Select(window => (IReadOnlyList<AudioWindow>)[window]) : [all])
                            output.Add(new ClassifiedSound(path, part[0].StartSeconds, part[^1].EndSeconds,
                                [.. classifiers.Select(set => new LabelShares(set.Name, set.Classifier.Classify(part)))]));
                    progress.Report(++done);
                }
            }
            if (parsed.GetValue(json)) output.WriteJson();
            else if (!parsed.GetValue(lines)) output.WriteTable();
            return Skips.Report(terminal, sounds.Skipped);
        });
        return command;
    }

    sealed record LabelSet(string Name, ZeroShotClassifier Classifier);
}
