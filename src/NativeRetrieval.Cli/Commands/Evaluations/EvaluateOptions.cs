using System.CommandLine;
using System.Globalization;
using NativeRetrieval.Cli.Commands.ModelFolders;
using NativeRetrieval.Cli.Commands.TrainingRuns;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation;
using NativeRetrieval.Evaluation.Fusion;
using NativeRetrieval.Evaluation.Metrics;

namespace NativeRetrieval.Cli.Commands.Evaluations;

/// <summary>The argument and the options of <c>evaluate</c>.</summary>
internal sealed class EvaluateOptions
{
    const string OwnClip = "own", SameText = "same-text";

    static readonly string[] _fusions = [.. Enum.GetValues<FusionRule>().Select(Name)];

    readonly Argument<FileInfo> _csv = new("CSV")
    {
        Description = "Caption file in Clotho's or AudioCaps' layout; or a CSV with only a column caption, "
            + "to rank all sounds of --audio for queries without known answers.",
    };

    readonly Option<DirectoryInfo?> _audio = new("--audio")
    {
        Description = "Folder of the sound files that the CSV names; may be left out with --vectors.",
        HelpName = "DIR",
    };

    readonly Option<DirectoryInfo[]> _models = new("--model")
    {
        Description = "Model folder, or name of an installed model. Several make an ensemble; they may differ in everything. Default: "
            + "NATIVERETRIEVAL_MODEL, else the installed one.",
        HelpName = "MODEL",
    };

    readonly Option<DirectoryInfo[]> _against = new("--against")
    {
        Description = "Model to compare with, query by query: differences of the figures with 95 % intervals. Several make an ensemble, "
            + "by the mean of their cosines; by --fusion none they do not, either. They are scored in fp32, whatever "
            + "--text-precision says.",
        HelpName = "MODEL",
    };

    readonly Option<string> _fusion = new("--fusion")
    {
        Description = "How an ensemble joins its models' scores: mean of the cosines, weighted mean, or rank "
            + "(reciprocal rank fusion, k = 60). none makes no ensemble of them: each is measured, and the figures of every query are "
            + "means over them, as for one recipe's seeds.",
        DefaultValueFactory = _ => Name(FusionRule.Mean),
    };

    readonly Option<string?> _weights = new("--weights")
    {
        Description = "Weights of the models for weighted fusion, in their order, at least 0, together 1; e.g. 0.6,0.4.",
        HelpName = "W,W",
    };

    readonly Option<FileInfo?> _fit = new("--fit-weights")
    {
        Description = "Find the weights that rank this caption file best (mAP@10); use validation data, never the test set.",
        HelpName = "CSV",
    };

    readonly Option<DirectoryInfo?> _fitAudio = new("--fit-audio")
    {
        Description = "Folder of the sounds of --fit-weights; default: --audio.",
        HelpName = "DIR",
    };

    readonly Option<string> _relevance = new("--relevance")
    {
        Description = "own: each caption is a query, its clip the answer. same-text: each distinct caption is one query, "
            + "every clip that carries it an answer. FILE.csv: queries and their answers, with columns query and "
            + "audio_filenames (DCASE 2025) or query and file_name.",
        HelpName = "own|same-text|FILE.csv",
        DefaultValueFactory = _ => OwnClip,
    };

    readonly Option<string?> _group = new("--group")
    {
        Description = "Column of the CSV that names clips that are alike, such as their kind: 95 % intervals are those of a bootstrap of "
            + "whole groups; without it every query counts as independent.",
        HelpName = "COLUMN",
    };

    readonly Option<FileInfo?> _bank = new("--query-bank")
    {
        Description = "Take down clips that are near to almost any sentence, by these: captions or queries that are not the test set's "
            + "(a caption file, a CSV with a column caption, or a .txt with one on each line). Models of --against are scored without.",
        HelpName = "FILE",
    };

    readonly Option<int> _hard = new("--hard")
    {
        Description = "List the N queries whose best right answer ranks worst, and what came first instead.",
        HelpName = "N",
    };

    readonly Option<FileInfo?> _submission = new("--submission")
    {
        Description = "Write the ten best files per caption in the layout of DCASE 2022.",
        HelpName = "OUT.csv",
    };

    readonly Option<FileInfo?> _scores = new("--scores")
    {
        Description = "Write the score of every query and file in the layout of DCASE 2025.",
        HelpName = "OUT.csv",
    };

    readonly Option<DirectoryInfo?> _save = new("--save-vectors")
    {
        Description = "Keep the vectors of clips and captions there, so that later evaluations need no encoding.",
        HelpName = "DIR",
    };

    readonly Option<DirectoryInfo?> _vectors = new("--vectors") { Description = "Take vectors that were saved there.", HelpName = "DIR" };

    readonly TextPrecisionOption _precision = new();
    readonly Option<DirectoryInfo?> _cache = CacheFolder.Option();
    readonly Option<bool> _json = JsonOutput.Option();

    public EvaluateOptions() => _fusion.AcceptOnlyFromAmong(_fusions);

    public DeviceOption Device { get; } = DeviceOption.Create();

    public DistributedOptions Distributed { get; } = new();

    public void AddTo(Command command)
    {
        command.Add(_csv);
        Option[] options =
        [
            _audio, _models, _against, _fusion, _weights, _fit, _fitAudio, _relevance, _group, _bank, _hard, _submission, _scores, _save,
            _vectors, _precision, .. Device.Options, .. Distributed.Options, _cache, _json,
        ];
        foreach (var option in options) command.Add(option);
    }

    /// <summary>Number of the hardest queries to list.</summary>
    public int Hard(ParseResult parsed) => parsed.GetValue(_hard);

    public FileInfo? Submission(ParseResult parsed) => parsed.GetValue(_submission);

    public FileInfo? Scores(ParseResult parsed) => parsed.GetValue(_scores);

    public bool Json(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>The request that the options make, for the CPU.</summary>
    public EvaluationRequest Request(ParseResult parsed, Terminal terminal)
    {
        string relevance = parsed.GetRequiredValue(_relevance);
        return new EvaluationRequest
        {
            Csv = parsed.GetRequiredValue(_csv).FullName,
            Audio = parsed.GetValue(_audio)?.FullName,
            Models = Models(parsed, terminal),
            Against = [.. (parsed.GetValue(_against) ?? []).Select(new ModelChoice(terminal).FolderOf)],
            Fusion = Enum.Parse<FusionRule>(parsed.GetRequiredValue(_fusion), ignoreCase: true),
            Weights = parsed.GetValue(_weights) is { } text ? Weights(text) : null,
            FitCsv = parsed.GetValue(_fit)?.FullName,
            FitAudio = parsed.GetValue(_fitAudio)?.FullName,
            Relevance = relevance == SameText ? RelevanceRule.SameText : RelevanceRule.Own,
            RelevanceFile = relevance is OwnClip or SameText ? null : Path.GetFullPath(relevance),
            QueryBank = parsed.GetValue(_bank)?.FullName,
            GroupColumn = parsed.GetValue(_group),
            FeatureCache = CacheFolder.Of(parsed, _cache),
            Vectors = parsed.GetValue(_vectors)?.FullName,
            SaveVectors = parsed.GetValue(_save)?.FullName,
            TextPrecision = _precision.Of(parsed),
        };
    }

    /// <summary>The word for a rule on the command line and in JSON.</summary>
    public static string Name(FusionRule rule) => rule.ToString().ToLowerInvariant();

    string[] Models(ParseResult parsed, Terminal terminal)
    {
        if (parsed.GetValue(_models) is { Length: > 0 } given) return [.. given.Select(new ModelChoice(terminal).FolderOf)];
        return [new ModelChoice(terminal).NamedOrDefault(null)];
    }

    static double[] Weights(string text) =>
        [.. text.Split(',').Select(part => double.TryParse(part, CultureInfo.InvariantCulture, out double weight) ? weight
            : throw new OptionException($"--weights {text}: '{part}' is not a number; "
                + "expected one number for each --model, e.g. 0.6,0.4"))];
}
