using System.CommandLine;
using System.Globalization;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Fusion;
using NativeRetrieval.Evaluation.Metrics;
using NativeRetrieval.Evaluation.Submissions;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>evaluate CSV --audio DIR --model MODEL</c></summary>
internal static class EvaluateCommand
{
    static readonly string[] s_fusions = ["mean", "weighted", "rank"];

    public static Command Create(Terminal terminal)
    {
        var csv = new Argument<FileInfo>("CSV") { Description = "Caption file in Clotho's or AudioCaps' layout; or a CSV with only a column caption, to rank all sounds of --audio for queries without known answers." };
        var audio = new Option<DirectoryInfo?>("--audio") { Description = "Folder of the sound files that the CSV names; may be left out with --vectors.", HelpName = "DIR" };
        var models = new Option<DirectoryInfo[]>("--model") { Description = "Model folder. Several make an ensemble; they may differ in everything.", HelpName = "MODEL", Required = true };
        var fusion = new Option<string>("--fusion") { Description = "How an ensemble joins its models' scores: mean of the cosines, weighted mean, or rank (reciprocal rank fusion, k = 60).", DefaultValueFactory = _ => "mean" };
        fusion.AcceptOnlyFromAmong(s_fusions);
        var weights = new Option<string?>("--weights") { Description = "Weights of the models for weighted fusion, in their order, at least 0, together 1; e.g. 0.6,0.4.", HelpName = "W,W" };
        var fit = new Option<FileInfo?>("--fit-weights") { Description = "Find the weights that rank this caption file best (mAP@10); use validation data, never the test set.", HelpName = "CSV" };
        var fitAudio = new Option<DirectoryInfo?>("--fit-audio") { Description = "Folder of the sounds of --fit-weights; default: --audio.", HelpName = "DIR" };
        var relevance = new Option<string>("--relevance") { Description = "own: each caption is a query, its clip the answer. same-text: each distinct caption is one query, every clip that carries it an answer. FILE.csv: queries and their answers, with columns query and audio_filenames (DCASE 2025) or query and file_name.", HelpName = "own|same-text|FILE.csv", DefaultValueFactory = _ => "own" };
        var hard = new Option<int>("--hard") { Description = "List the N queries whose best right answer ranks worst, and what came first instead.", HelpName = "N" };
        var submission = new Option<FileInfo?>("--submission") { Description = "Write the ten best files per caption in the layout of DCASE 2022.", HelpName = "OUT.csv" };
        var scores = new Option<FileInfo?>("--scores") { Description = "Write the score of every query and file in the layout of DCASE 2025.", HelpName = "OUT.csv" };
        var save = new Option<DirectoryInfo?>("--save-vectors") { Description = "Keep the vectors of clips and captions there, so that later evaluations need no encoding.", HelpName = "DIR" };
        var vectors = new Option<DirectoryInfo?>("--vectors") { Description = "Take vectors that were saved there.", HelpName = "DIR" };
        var device = DeviceOption.Create();
        var cache = CacheFolder.Option();
        var json = JsonOutput.Option();
        var command = new DocumentedCommand("evaluate", "Measure retrieval in both directions on a captioned data set.")
        {
            Examples =
            [
                ("nativeretrieval evaluate test.csv --audio clips --model runs/first", "R@1, R@5, R@10, mAP@10, mAP@16 and median rank with 95 % intervals"),
                ("nativeretrieval evaluate test.csv --audio clips --model a --model b --submission out.csv --json", "An ensemble, the DCASE file, and JSON"),
                ("nativeretrieval evaluate test.csv --audio clips --model a --model b --fusion weighted --fit-weights val.csv", "Weights fitted on validation data"),
                ("nativeretrieval evaluate queries.csv --audio evaluation --model a --scores out.csv", "DCASE's evaluation set: captions without answers"),
                ("nativeretrieval evaluate test.csv --model a --vectors vectors --hard 20", "From vectors saved before by --save-vectors; the hardest queries"),
            ],
        };
        command.Add(csv);
        foreach (Option option in (Option[])[audio, models, fusion, weights, fit, fitAudio, relevance, hard, submission, scores, save, vectors, .. device.Options, cache, json]) command.Add(option);
        command.SetAction((parsed, cancellation) =>
        {
            RequireConsistent(parsed.GetValue(fusion) == "weighted", parsed.GetValue(weights) is not null, parsed.GetValue(fit) is not null);
            if (parsed.GetValue(audio) is null && parsed.GetValue(vectors) is null) throw new OptionException("say where the sounds are by --audio, or where saved vectors are by --vectors");
            if (parsed.GetValue(hard) < 0) throw new OptionException($"--hard {parsed.GetValue(hard)}: expected a number of queries, at least 0");
            string rule = parsed.GetRequiredValue(relevance);
            string[] folders = [.. parsed.GetRequiredValue(models).Select(folder => folder.FullName)];
            double[]? given = parsed.GetValue(weights) is { } text ? Weights(text) : null;
            if (given is not null) ScoreFusion.RequireWeights(given, folders.Length);
            var (answers, table) = (parsed.GetValue(submission), parsed.GetValue(scores));
            if (QueryCsv.HasNoAnswers(parsed.GetRequiredValue(csv).FullName))
            {
                if (answers is null && table is null) throw new OptionException("the CSV names no sounds, so there is nothing to measure; write the ranking by --submission or --scores");
                if (parsed.GetValue(hard) > 0) throw new OptionException("the CSV names no sounds, so no query is known to be hard; leave out --hard");
            }
            using var runsOn = device.Open(parsed, terminal);
            var outcome = new EvaluationRun(terminal, new EvaluationRequest
            {
                Csv = parsed.GetRequiredValue(csv).FullName,
                Audio = parsed.GetValue(audio)?.FullName,
                Models = folders,
                Fusion = (FusionRule)Array.IndexOf(s_fusions, parsed.GetValue(fusion)),
                Weights = given,
                FitCsv = parsed.GetValue(fit)?.FullName,
                FitAudio = parsed.GetValue(fitAudio)?.FullName,
                Rule = rule == "same-text" ? RelevanceRule.SameText : RelevanceRule.Own,
                RelevanceFile = rule is "own" or "same-text" ? null : Path.GetFullPath(rule),
                Device = runsOn,
                Cache = CacheFolder.Of(parsed, cache),
                Vectors = parsed.GetValue(vectors)?.FullName,
                SaveVectors = parsed.GetValue(save)?.FullName,
            }, cancellation).Run();

            if (answers is not null) SubmissionCsv.Write(answers.FullName, outcome.Texts, outcome.ClipNames, outcome.Scores.TextToAudio);
            if (table is not null) ScoresCsv.Write(table.FullName, outcome.Texts, outcome.ClipNames, outcome.Scores.TextToAudio);
            EvaluationOutput.Write(terminal, outcome, folders, parsed.GetRequiredValue(fusion), parsed.GetValue(hard), parsed.GetValue(json));
            return Task.FromResult(Skips.Report(terminal, outcome.Skipped));
        });
        return command;
    }

    static void RequireConsistent(bool weighted, bool given, bool fitted)
    {
        if (weighted && given == fitted) throw new OptionException("--fusion weighted takes either --weights or --fit-weights");
        if (!weighted && (given || fitted)) throw new OptionException("--weights and --fit-weights belong to --fusion weighted");
    }

    static double[] Weights(string text) => [.. text.Split(',').Select(part => double.TryParse(part, CultureInfo.InvariantCulture, out double weight) ? weight
        : throw new OptionException($"--weights {text}: '{part}' is not a number; expected one number for each --model, e.g. 0.6,0.4"))];
}
