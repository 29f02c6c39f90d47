using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>train CSV --audio DIR --to RUN</c></summary>
internal static class TrainCommand
{
    public static Command Create(Terminal terminal)
    {
        var csv = new Argument<FileInfo[]>("CSV")
        {
            Description = "Caption file in Clotho's or AudioCaps' layout: file_name,caption_1,… or file_name,caption. Several are joined.",
            Arity = ArgumentArity.OneOrMore,
        };
        var audio = new Option<DirectoryInfo[]>("--audio")
        {
            Description = "Folder of the sound files that the CSV names; with several CSVs one for all, or one for each in their order.",
            HelpName = "DIR",
            Required = true,
        };
        var validation = new Option<FileInfo?>("--validation")
        {
            Description = "Caption file whose R@1+R@5+R@10 chooses the best epoch; "
                + "without it, and without --set data.hold_out_clips=N, the last epoch is kept.",
            HelpName = "CSV",
        };
        var validationAudio = new Option<DirectoryInfo?>("--validation-audio")
        {
            Description = "Folder of the validation sounds; default: the first --audio.",
            HelpName = "DIR",
        };
        var preset = new Option<string?>("--preset")
        {
            Description = $"Settings to start from: {string.Join(", ", Presets.Names)}, or a YAML file. Default: the report's recipe.",
            HelpName = "NAME",
        };
        var set = new Option<string[]>("--set")
        {
            Description = "Override one setting, e.g. training.lr=1e-4. May be repeated.",
            HelpName = "KEY=VALUE",
        };
        var initial = new Option<DirectoryInfo?>("--init-from")
        {
            Description = "Trained model to start from (fine-tuning).",
            HelpName = "MODEL",
        };
        var textModel = new Option<DirectoryInfo?>("--text-model")
        {
            Description = "Folder of a pre-trained BERT (Hugging Face or sentence-transformers); "
                + "without it the text encoder starts from scratch.",
            HelpName = "DIR",
        };
        var audioModel = new Option<DirectoryInfo?>("--audio-model")
        {
            Description = "Folder of a pre-trained audio encoder, such as a converted PANNs checkpoint; "
                + "without it the audio encoder starts from scratch.",
            HelpName = "DIR",
        };
        var to = new Option<DirectoryInfo?>("--to") { Description = "Folder of the run; it becomes a model folder.", HelpName = "RUN" };
        var resume = new Option<bool>("--resume")
        {
            Description = "Go on with the run in --to after an interruption, with exactly the losses it would have had.",
        };
        var check = new Option<bool>("--check")
        {
            Description = "Only look for what is wrong with the data: missing, unreadable, silent, short or duplicate sounds, "
                + "empty or long captions. Exit code 1 with errors, 3 with warnings.",
        };
        var estimate = new Option<bool>("--estimate")
        {
            Description = "Only measure what the run will take: clips per second, time, memory.",
        };
        var json = new Option<bool>("--json") { Description = "With --check or --estimate: print one JSON document instead of text." };
        var device = DeviceOption.Create();
        var cache = CacheFolder.Option();
        var command = new DocumentedCommand("train", "Train a model on sounds and captions.")
        {
            Examples =
            [
                ("nativeretrieval train train.csv --audio clips --validation val.csv --to runs/first",
                    "The report's recipe on your own folder"),
                ("nativeretrieval train train.csv --audio clips --text-model all-MiniLM-L6-v2 --set training.freeze_text_encoder=true "
                    + "--to runs/minilm", "With a frozen pre-trained text encoder"),
                ("nativeretrieval train train.csv --audio clips --text-model bert-base-uncased --audio-model cnn14 --to runs/report",
                    "The report's system: both encoders pre-trained"),
                ("nativeretrieval train development.csv validation.csv --audio dev --audio val --set data.hold_out_clips=100 --to runs/all",
                    "Two data sets as one, 100 of their clips drawn for validation"),
                ("nativeretrieval train clotho.csv --audio clotho --init-from runs/audiocaps --to runs/tuned",
                    "Fine-tune a model that was trained before"),
                ("nativeretrieval train train.csv --audio clips --to runs/first --resume", "Go on after an interruption"),
                ("nativeretrieval train train.csv --audio clips --validation val.csv --check", "What is wrong with the data"),
                ("nativeretrieval train train.csv --audio clips --preset paper --estimate",
                    "How long a run will take, and how much memory"),
            ],
        };
        command.Add(csv);
        foreach (Option option in (Option[])[audio, validation, validationAudio, preset, set, initial, textModel, audioModel, to, resume,
            check, estimate, json, .. device.Options, cache]) command.Add(option);
        command.SetAction((parsed, cancellation) =>
        {
            using var runsOn = device.Open(parsed, terminal);
            bool resumed = parsed.GetValue(resume);
            if (resumed && (parsed.GetValue(preset) is not null || parsed.GetValue(set) is { Length: > 0 }))
                throw new OptionException("a resumed run keeps its settings; "
                    + "leave out --preset and --set, or start a new run with --init-from");
            var (checks, estimates) = (parsed.GetValue(check), parsed.GetValue(estimate));
            if (resumed && (checks || estimates) || checks && estimates)
                throw new OptionException("--check, --estimate and --resume are different things to do; give one of them");
            if (parsed.GetValue(json) && !checks && !estimates)
                throw new OptionException("--json belongs to --check or --estimate; a run writes metrics.jsonl into its folder");
            if (parsed.GetValue(to) is null && !checks && !estimates) throw new OptionException("say where the run goes by --to");
            var findings = checks ? new DataFindings() : null;
            string[] sounds = [.. parsed.GetRequiredValue(audio).Select(folder => folder.FullName)];
            var request = new TrainingRequest
            {
                Training = Read([.. parsed.GetRequiredValue(csv).Select(file => file.FullName)], sounds, findings),
                Validation = parsed.GetValue(validation) is { } file
                    ? CaptionCsv.Read(file.FullName, parsed.GetValue(validationAudio)?.FullName ?? sounds[0], findings) : null,
                RunFolder = parsed.GetValue(to)?.FullName ?? "",
                Settings = SettingsLoader.Load(parsed.GetValue(preset), parsed.GetValue(set) ?? []),
                Insisted = [.. (parsed.GetValue(set) ?? []).Select(entry => entry.Split('=')[0].Trim())],
                Resume = resumed,
                TextModel = parsed.GetValue(textModel)?.FullName,
                AudioModel = parsed.GetValue(audioModel)?.FullName,
                InitialModel = parsed.GetValue(initial)?.FullName,
                FeatureCache = CacheFolder.Of(parsed, cache),
                Device = runsOn,
                Time = terminal.Time,
                Command = [Application.Name, .. parsed.Tokens.Select(token => token.Value)],
            };
            if (checks) return Task.FromResult(TrainPreview.Check(terminal, request, findings!, parsed.GetValue(json), cancellation));
            if (estimates) return Task.FromResult(TrainPreview.Estimate(terminal, request, parsed.GetValue(json), cancellation));
            var outcome = Run(terminal, request, cancellation);
            if (outcome.End == TrainingEnd.NoImprovement)
                terminal.Message("stopped early: training.early_stopping_epochs evaluations had no better score than those before; "
                    + $"the best epoch is {outcome.BestEpoch}");
            terminal.Message($"model: {request.RunFolder}");
            return Task.FromResult(Skips.Report(terminal, outcome.Skipped));
        });
        return command;
    }

    static Dataset Read(string[] files, string[] folders, DataFindings? findings)
    {
        if (folders.Length != 1 && folders.Length != files.Length)
            throw new OptionException($"{folders.Length} --audio folders for {files.Length} caption files; "
                + "give one for all, or one for each in their order");
        return Dataset.Join([.. files.Select((file, i) => CaptionCsv.Read(file, folders.Length == 1 ? folders[0] : folders[i], findings))]);
    }

    /// <summary>Trains with progress on the terminal; the demo uses it, too.</summary>
    public static TrainingOutcome Run(Terminal terminal, TrainingRequest request, CancellationToken cancellation)
    {
        using var display = new TrainingDisplay(terminal);
        try
        {
            return TrainingSession.Run(TrainPreview.Announced(terminal, display, request), display, display.EpochDone, cancellation);
        }
        catch (OperationCanceledException)
        {
            terminal.Message($"stopped; the same command with --resume goes on: {request.RunFolder}");
            throw;
        }
    }
}
