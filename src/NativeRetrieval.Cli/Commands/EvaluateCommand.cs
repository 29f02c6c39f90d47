using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Submissions;

namespace NativeRetrieval.Cli.Commands;

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
            RequireUse(options, parsed, request.Csv);
            using var device = options.Device.Open(parsed, terminal);
            EvaluationOutcome outcome;
            using (var display = new EvaluationDisplay(terminal))
                outcome = EvaluationSession.Run(request with { Device = device }, display, cancellation);

            if (options.Submission(parsed) is { } submission)
                SubmissionCsv.Write(submission.FullName, outcome.Texts, outcome.ClipNames, outcome.Scores.TextToAudio);
            if (options.Scores(parsed) is { } scores)
                ScoresCsv.Write(scores.FullName, outcome.Texts, outcome.ClipNames, outcome.Scores.TextToAudio);
            EvaluationOutput.Write(terminal, request, outcome, options.Hard(parsed), options.Json(parsed));
            return Task.FromResult(Skips.Report(terminal, outcome.Skipped));
        });
        return command;
    }

    /// <summary>Refuses options of which nothing could come with the queries that are asked.</summary>
    static void RequireUse(EvaluateOptions options, ParseResult parsed, string csv)
    {
        int hard = options.Hard(parsed);
        if (hard < 0) throw new OptionException($"--hard {hard}: expected a number of queries, at least 0");
        if (!QueryCsv.HasNoAnswers(csv)) return;
        if ((options.Submission(parsed) ?? options.Scores(parsed)) is null)
            throw new OptionException("the CSV names no sounds, so there is nothing to measure; "
                + "write the ranking by --submission or --scores");
        if (hard > 0) throw new OptionException("the CSV names no sounds, so no query is known to be hard; leave out --hard");
    }
}
