using System.CommandLine;
using NativeRetrieval.Cli.Commands.TrainingRuns;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Fusion;
using NativeRetrieval.Evaluation.Submissions;

namespace NativeRetrieval.Cli.Commands.Evaluations;

/// <summary><c>evaluate CSV --audio DIR --model MODEL</c></summary>
internal static class EvaluateCommand
{
    public static Command Create(Terminal terminal)
    {
        var options = new EvaluateOptions();
        var command = new DocumentedCommand("evaluate", "Measure retrieval in both directions on a captioned data set. "
            + "Each clip is heard in its own length; by a model that was trained with silence behind shorter clips (--preset paper), "
            + "with the same silence.")
        {
            Examples =
            [
                ("nativeretrieval evaluate test.csv --audio clips --model runs/first",
                    "R@1, R@5, R@10, mAP@10, mAP@16 and median rank with 95 % intervals"),
                ("nativeretrieval evaluate test.csv --audio clips --model runs/first --relevance same-text --group kind",
                    "Intervals that count clips of one kind (a column of the CSV) as alike"),
                ("nativeretrieval evaluate test.csv --audio clips --model a --model b --submission out.csv --json",
                    "An ensemble, the DCASE file, and JSON"),
                ("nativeretrieval evaluate test.csv --audio clips --model runs/second --against runs/first",
                    "What the second run gained over the first, with intervals"),
                ("nativeretrieval evaluate test.csv --audio clips --model seed-0 --model seed-1 --model seed-2 --fusion none",
                    "The mean of a recipe's seeds"),
                ("nativeretrieval evaluate test.csv --audio clips --model a --model b --fusion weighted --fit-weights val.csv",
                    "Weights fitted on validation data"),
                ("nativeretrieval evaluate queries.csv --audio evaluation --model a --scores out.csv",
                    "DCASE's evaluation set: captions without answers"),
                ("nativeretrieval evaluate test.csv --model a --vectors vectors --hard 20",
                    "From vectors saved before by --save-vectors; the hardest queries"),
            ],
        };
        options.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var request = options.Request(parsed, terminal);
            request.Validate();
            RequireUse(options, parsed, request);
            return Task.FromResult(options.Distributed.Do(parsed, terminal, ranks => Evaluate(parsed, request, ranks, cancellation),
                cancellation));
        });
        return command;

        int Evaluate(ParseResult parsed, EvaluationRequest request, Ranks? ranks, CancellationToken cancellation)
        {
            using var device = options.Device.Open(parsed, terminal, ranks?.LocalRank ?? 0);
            EvaluationOutcome outcome;
            using (var display = new EvaluationDisplay(terminal))
                outcome = EvaluationSession.Run(request with { Device = device, Group = ranks?.On(device) }, display, cancellation);
            if (ranks is { IsFirst: false }) return ExitCode.Ok;

            if (options.Submission(parsed) is { } submission)
                SubmissionCsv.Write(submission.FullName, outcome.Texts, outcome.ClipNames, outcome.Scores.TextToAudio);
            if (options.Scores(parsed) is { } scores)
                ScoresCsv.Write(scores.FullName, outcome.Texts, outcome.ClipNames, outcome.Scores.TextToAudio);
            EvaluationOutput.Write(terminal, request, outcome, options.Hard(parsed), options.Json(parsed));
            return Skips.Report(terminal, outcome.Skipped);
        }
    }

    /// <summary>Refuses options of which nothing could come with the queries that are asked.</summary>
    static void RequireUse(EvaluateOptions options, ParseResult parsed, EvaluationRequest request)
    {
        int hard = options.Hard(parsed);
        if (hard < 0) throw new OptionException($"--hard {hard}: expected a number of queries, at least 0");
        bool writes = (options.Submission(parsed) ?? options.Scores(parsed)) is not null;
        if (request.Fusion == FusionRule.None && (writes || hard > 0))
            throw new OptionException("--fusion none makes no one ranking of the models', which --submission, --scores and --hard need; "
                + "leave these out, or fuse the models");
        if (!QueryCsv.HasNoAnswers(request.Csv)) return;
        if (!writes)
            throw new OptionException("the CSV names no sounds, so there is nothing to measure; "
                + "write the ranking by --submission or --scores");
        if (hard > 0) throw new OptionException("the CSV names no sounds, so no query is known to be hard; leave out --hard");
    }
}
