using System.CommandLine;
using NativeRetrieval.Cli.Commands.ModelFolders;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Runs;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Cli.Commands.TrainingRuns;

/// <summary>The argument and the options of <c>train</c>.</summary>
internal sealed class TrainOptions
{
    const string PrecisionKey = "training.precision";

    readonly Argument<FileInfo[]> _csv = new("CSV")
    {
        Description = "Caption file in Clotho's or AudioCaps' layout: file_name,caption_1,… or file_name,caption. Several are joined.",
        Arity = ArgumentArity.OneOrMore,
    };

    readonly Option<DirectoryInfo[]> _audio = new("--audio")
    {
        Description = "Folder of the sound files that the CSV names; with several CSVs one for all, or one for each in their order.",
        HelpName = "DIR",
        Required = true,
    };

    readonly Option<FileInfo?> _validation = new("--validation")
    {
        Description = "Caption file whose R@1+R@5+R@10 chooses the best epoch; "
            + "without it, and without --set data.hold_out_clips=N, the last epoch is kept.",
        HelpName = "CSV",
    };

    readonly Option<DirectoryInfo?> _validationAudio = new("--validation-audio")
    {
        Description = "Folder of the validation sounds; default: the first --audio.",
        HelpName = "DIR",
    };

    readonly Option<string?> _preset = new("--preset")
    {
        Description = $"Settings to start from: {string.Join(", ", Presets.Names)}, or a YAML file. paper and paper-audiocaps are the "
            + "report as its authors' code runs it, with silence behind shorter clips in training, validation and evaluate alike; clotho, "
            + "audiocaps and tiny are recipes of ours. Default: the report's recipe, each clip heard in its own length, which all but the "
            + "paper presets do.",
        HelpName = "NAME",
    };

    readonly Option<string[]> _set = new("--set")
    {
        Description = "Override one setting, e.g. training.lr=1e-4. May be repeated.",
        HelpName = "KEY=VALUE",
    };

    readonly Option<DirectoryInfo?> _initial = new("--init-from")
    {
        Description = "Trained model to start from (fine-tuning): its folder, or the name of an installed model.",
        HelpName = "MODEL",
    };

    readonly Option<DirectoryInfo?> _textModel = new("--text-model")
    {
        Description = "Folder of a pre-trained BERT (Hugging Face or sentence-transformers), or name of an installed one; "
            + "without it the text encoder starts from scratch.",
        HelpName = "DIR",
    };

    readonly Option<DirectoryInfo?> _audioModel = new("--audio-model")
    {
        Description = "Folder of a pre-trained audio encoder, such as a converted PANNs checkpoint, or name of an installed one; "
            + "without it the audio encoder starts from scratch.",
        HelpName = "DIR",
    };

    readonly Option<DirectoryInfo[]> _teachers = new("--teacher")
    {
        Description = "Trained model whose scores the run also learns (distillation; loss.teacher_weight, loss.teacher_temperature): its "
            + "folder, or the name of an installed model. May be repeated: scores are averaged.",
        HelpName = "MODEL",
    };

    readonly Option<DirectoryInfo?> _to = new("--to") { Description = "Folder of the run; it becomes a model folder.", HelpName = "RUN" };

    readonly Option<bool> _resume = new("--resume")
    {
        Description = "Go on with the run in --to after an interruption, with exactly the losses it would have had. "
            + "Takes the same command again; of the settings only training.epochs may change.",
    };

    readonly Option<bool> _check = new("--check")
    {
        Description = "Only look for what is wrong with the data: missing, unreadable, silent, short or duplicate sounds, "
            + "empty or long captions. Exit code 1 with errors, 3 with warnings.",
    };

    readonly Option<bool> _estimate = new("--estimate")
    {
        Description = "Only measure what the run will take: clips per second, time, memory.",
    };

    readonly Option<bool> _json = new("--json") { Description = "With --check or --estimate: print one JSON document instead of text." };

    readonly Option<DirectoryInfo?> _cache = CacheFolder.Option();

    public DeviceOption Device { get; } = DeviceOption.Create("training.precision of the settings, which is fp32 unless set", trains: true);

    public DistributedOptions Distributed { get; } = new();

    public void AddTo(Command command)
    {
        command.Add(_csv);
        Option[] options =
        [
            _audio, _validation, _validationAudio, _preset, _set, _initial, _textModel, _audioModel, _teachers, _to, _resume, _check,
            _estimate, _json, .. Device.Options, .. Distributed.Options, _cache,
        ];
        foreach (var option in options) command.Add(option);
    }

    /// <summary>True where only the data is to be checked.</summary>
    public bool Check(ParseResult parsed) => parsed.GetValue(_check);

    /// <summary>True where only time and memory are to be measured.</summary>
    public bool Estimate(ParseResult parsed) => parsed.GetValue(_estimate);

    public bool Json(ParseResult parsed) => parsed.GetValue(_json);

    /// <exception cref="OptionException">Options contradict each other, or the folder of the run is missing.</exception>
    public void RequireConsistent(ParseResult parsed)
    {
        bool resumed = parsed.GetValue(_resume), checks = Check(parsed), estimates = Estimate(parsed);
        if (resumed && (checks || estimates) || checks && estimates)
            throw new OptionException("--check, --estimate and --resume are different things to do; give one of them");
        if (Json(parsed) && !checks && !estimates)
            throw new OptionException("--json belongs to --check or --estimate; a run writes metrics.jsonl into its folder");
        if (parsed.GetValue(_to) is null && !checks && !estimates) throw new OptionException("say where the run goes by --to");
    }

    /// <summary>The device, open in the precision of the run: that of its settings, and of a resumed run its own.</summary>
    /// <param name="ranks">This process among others; null: it works alone.</param>
    public Device OpenDevice(ParseResult parsed, Terminal terminal, Ranks? ranks)
    {
        var resumed = parsed.GetValue(_resume) && parsed.GetValue(_to) is { } folder ? RunFolder.FindSettings(folder.FullName) : null;
        var precision = (resumed ?? Settings(parsed)).Training.Precision;
        return Device.Open(parsed, terminal, precision,
            $"{PrecisionKey} = {PrecisionName.Of(precision)}{(resumed is null ? "" : " of the run to resume")}", ranks?.LocalRank ?? 0);
    }

    /// <summary>The run that the options ask for, with its caption files read.</summary>
    /// <param name="findings">Gets the problems of the caption files; null: they are errors.</param>
    /// <param name="ranks">This process among others; null: it works alone.</param>
    public TrainingRequest Request(ParseResult parsed, DataFindings? findings, Device device, Ranks? ranks, Terminal terminal)
    {
        string[] sounds = [.. parsed.GetRequiredValue(_audio).Select(folder => folder.FullName)];
        string[] overrides = Overrides(parsed);
        var models = new ModelChoice(terminal);
        return new TrainingRequest
        {
            Training = Read([.. parsed.GetRequiredValue(_csv).Select(file => file.FullName)], sounds, findings),
            Validation = parsed.GetValue(_validation) is { } file
                ? CaptionCsv.Read(file.FullName, parsed.GetValue(_validationAudio)?.FullName ?? sounds[0], findings) : null,
            RunFolder = parsed.GetValue(_to)?.FullName ?? "",
            Settings = Settings(parsed),
            SettingsAreWhole = parsed.GetValue(_preset) is not null,
            Insisted = [.. overrides.Select(entry => entry.Split('=')[0].Trim())],
            Resume = parsed.GetValue(_resume),
            TextModel = Folder(_textModel),
            AudioModel = Folder(_audioModel),
            InitialModel = Folder(_initial),
            Teachers = [.. (parsed.GetValue(_teachers) ?? []).Select(models.FolderOf)],
            FeatureCache = CacheFolder.Of(parsed, _cache),
            Device = device,
            Group = ranks?.On(device),
            Time = terminal.Time,
            Command = [Application.Name, .. parsed.Tokens.Select(token => token.Value)],
        };

        string? Folder(Option<DirectoryInfo?> option) => parsed.GetValue(option) is { } given ? models.FolderOf(given) : null;
    }

    TrainingSettings Settings(ParseResult parsed) => SettingsLoader.Load(parsed.GetValue(_preset), Overrides(parsed));

    /// <summary><c>--set</c>, and <c>--precision</c> as the setting that it is.</summary>
    /// <exception cref="OptionException">Both name a precision.</exception>
    string[] Overrides(ParseResult parsed)
    {
        string[] overrides = parsed.GetValue(_set) ?? [];
        if (Device.Asked(parsed) is not { } precision) return overrides;
        if (overrides.FirstOrDefault(entry => entry.Split('=')[0].Trim() == PrecisionKey) is { } other)
            throw new OptionException(
                $"--precision {PrecisionName.Of(precision)} and --set {other} name the same setting; give one of them");
        return [.. overrides, $"{PrecisionKey}={PrecisionName.Of(precision)}"];
    }

    static Dataset Read(string[] files, string[] folders, DataFindings? findings)
    {
        if (folders.Length != 1 && folders.Length != files.Length)
            throw new OptionException($"{folders.Length} --audio folders for {files.Length} caption files; "
                + "give one for all, or one for each in their order");
        return Dataset.Join([.. files.Select((file, i) => CaptionCsv.Read(file, folders.Length == 1 ? folders[0] : folders[i], findings))]);
    }
}
