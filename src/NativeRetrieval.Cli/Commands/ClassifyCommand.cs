using System.CommandLine;
using System.Globalization;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>classify FILE… --labels labels.txt --model MODEL</c></summary>
internal static class ClassifyCommand
{
    const double DefaultThreshold = 20;

    public static Command Create(Terminal terminal)
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "Sound files, and folders to search for them.",
            Arity = ArgumentArity.OneOrMore,
        };
        var labels = new Option<FileInfo>("--labels")
        {
            Description = "A file with a label on each line: a word or a few.",
            HelpName = "FILE",
            Required = true,
        };
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
        var device = DeviceOption.Create();
        var json = JsonOutput.Option();
        var command = new DocumentedCommand("classify", "Name the labels that fit a sound, without training on them.")
        {
            Examples =
            [
                ("nativeretrieval classify door.wav --labels labels.txt --model model", "Labels with their shares in percent"),
                ("nativeretrieval classify night.flac --labels labels.txt --model model --windows", "With times, over a long recording"),
                ("nativeretrieval classify sounds --labels labels.txt --model model --threshold 0 --json", "Every share, for programs"),
            ],
        };
        command.Add(files);
        foreach (Option option in (Option[])[labels, model, template, threshold, windows, .. device.Options, json]) command.Add(option);
        command.SetAction((parsed, cancellation) =>
        {
            string[] names = TextLines.Read(parsed.GetRequiredValue(labels).FullName, "label");
            string chosen = new ModelChoice(terminal).NamedOrDefault(parsed.GetValue(model));
            using var runsOn = device.Open(parsed, terminal);
            using var engine = RetrievalEngine.Open(chosen, runsOn);
            var classifier = new ZeroShotClassifier(engine, names, parsed.GetRequiredValue(template));
            var settings = engine.IndexSettings(hopSeconds: engine.Model.Config.MaxSeconds);
            var found = SoundFiles.Find(parsed.GetRequiredValue(files), cancellation);
            List<string> skipped = [.. found.LeftOut.Where(left => left.Outcome != FileOutcome.Duplicate).Select(left => left.Message!)];
            var results = new List<Result>();
            using (var progress = new Progress(terminal, "classifying", found.Files.Count, "files", leavesLine: false))
                foreach (string path in found.Files)
                {
                    cancellation.ThrowIfCancellationRequested();
                    try
                    {
                        Take(path, engine.EmbedFile(path, settings.WindowSeconds, settings.HopSeconds, cancellation, terminal.Warning));
                    }
                    catch (Exception error) when (error is AudioDecodeException or FileReadException)
                    {
                        skipped.Add(error.Message);
                    }
                    progress.Report(results.Count + skipped.Count);
                }
            double least = parsed.GetValue(threshold) / 100;
            if (parsed.GetValue(json)) WriteJson(terminal, results, least);
            else WriteTable(terminal, results, least, parsed.GetValue(windows));
            return Task.FromResult(Skips.Report(terminal, skipped));

            void Take(string path, IReadOnlyList<AudioWindow> all)
            {
                if (!parsed.GetValue(windows))
                    results.Add(new Result(path, 0, all[^1].EndSeconds, classifier.Classify(all)));
                else
                    foreach (var window in all)
                        results.Add(new Result(path, window.StartSeconds, window.EndSeconds, classifier.Classify([window])));
            }
        });
        return command;
    }

    static void WriteTable(Terminal terminal, IReadOnlyList<Result> results, double least, bool withTimes)
    {
        var table = withTimes ? new Table("file", "from", "to", ">share", "label") : new Table("file", ">share", "label");
        foreach (var result in results)
        {
            var named = result.Named(least);
            if (named.Count == 0) AddRow(result, "", "(none of the labels)");
            foreach (var share in named)
                AddRow(result, string.Create(CultureInfo.InvariantCulture, $"{100 * share.Share:F1} %"), share.Label);
        }
        table.Write(terminal);

        void AddRow(Result result, string share, string label) => table.Add(withTimes
            ? [result.Path, HitList.Time(result.StartSeconds), HitList.Time(result.EndSeconds), share, label]
            : [result.Path, share, label]);
    }

    static void WriteJson(Terminal terminal, IReadOnlyList<Result> results, double least) => terminal.WriteJson(json =>
    {
        json.WriteNumber("threshold", least);
        json.WriteStartArray("sounds");
        foreach (var result in results)
        {
            json.WriteStartObject();
            json.WriteString("path", Path.GetFullPath(result.Path));
            json.WriteNumber("start_seconds", Math.Round(result.StartSeconds, 3));
            json.WriteNumber("end_seconds", Math.Round(result.EndSeconds, 3));
            json.WriteStartArray("labels");
            foreach (var share in result.Named(least))
            {
                json.WriteStartObject();
                json.WriteString("label", share.Label);
                json.WriteNumber("share", Math.Round(share.Share, 6));
                json.WriteNumber("cosine", Math.Round(share.Cosine, 6));
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    sealed record Result(string Path, double StartSeconds, double EndSeconds, IReadOnlyList<LabelShare> Shares)
    {
        public IReadOnlyList<LabelShare> Named(double least) => [.. Shares.Where(share => share.Share >= least)];
    }
}
