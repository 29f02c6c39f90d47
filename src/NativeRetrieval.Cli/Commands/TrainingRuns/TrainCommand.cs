using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Training.Loop;

namespace NativeRetrieval.Cli.Commands.TrainingRuns;

/// <summary><c>train CSV --audio DIR --to RUN</c></summary>
internal static class TrainCommand
{
    public static Command Create(Terminal terminal)
    {
        var options = new TrainOptions();
        var command = new DocumentedCommand("train", "Train a model on sounds and captions.")
        {
            Examples =
            [
                ("nativeretrieval train train.csv --audio clips --validation val.csv --audio-model panns-cnn14 "
                    + "--text-model bert-base-uncased --to runs/report",
                    "The report's recipe on your own folder; 'models fetch' installs its two encoders under these names"),
                ("nativeretrieval train train.csv --audio clips --validation val.csv --preset tiny --to runs/first",
                    "A small model from scratch, for a first try"),
                ("nativeretrieval train train.csv --audio clips --text-model all-MiniLM-L6-v2 --set training.freeze_text_encoder=true "
                    + "--to runs/minilm", "With a frozen pre-trained text encoder"),
                ("nativeretrieval train development.csv validation.csv --audio dev --audio val --set data.hold_out_clips=100 --to runs/all",
                    "Two data sets as one, 100 of their clips drawn for validation"),
                ("nativeretrieval train clotho.csv --audio clotho --init-from runs/audiocaps --to runs/tuned",
                    "Fine-tune a model that was trained before"),
                ("nativeretrieval train train.csv --audio clips --init-from clap --set training.lr=1e-5 --to runs/clap",
                    "Fine-tune a model that 'models fetch' installed"),
                ("nativeretrieval train train.csv --audio clips --teacher runs/first --teacher runs/second --to runs/student",
                    "Learn from the scores of two trained models"),
                ("srun nativeretrieval train train.csv --audio clips --to runs/large",
                    "On all GPUs of a Slurm job, one task for each; torchrun's environment is understood, too"),
                ("nativeretrieval train train.csv --audio clips --to runs/large --world-size 2 --rank 1 --coordinator node1:29500",
                    "The second of two ranks that are started by hand"),
                ("nativeretrieval train train.csv --audio clips --to runs/first --resume", "Go on after an interruption"),
                ("nativeretrieval train train.csv --audio clips --validation val.csv --check", "What is wrong with the data"),
                ("nativeretrieval train train.csv --audio clips --preset paper --estimate",
                    "How long a run will take, and how much memory"),
            ],
        };
        options.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            options.RequireConsistent(parsed);
            if (options.Check(parsed)) options.Distributed.RequireAlone(parsed, terminal, "--check");
            return Task.FromResult(options.Distributed.Do(parsed, terminal, ranks => Train(parsed, ranks, cancellation), cancellation));
        });
        return command;

        int Train(ParseResult parsed, Ranks? ranks, CancellationToken cancellation)
        {
            using var device = options.OpenDevice(parsed, terminal, ranks);
            var findings = options.Check(parsed) ? new DataFindings() : null;
            var request = options.Request(parsed, findings, device, ranks, terminal);
            if (findings is not null) return TrainPreview.Check(terminal, request, findings, options.Json(parsed), cancellation);
            if (options.Estimate(parsed)) return TrainPreview.Estimate(terminal, request, options.Json(parsed), cancellation);
            if (ranks is null or { IsFirst: true } && TrainPreview.FromScratch(terminal, request) is { } advice) terminal.Warning(advice);
            var outcome = Run(terminal, request, cancellation);
            if (outcome.End == TrainingEnd.NoImprovement)
                terminal.Message("stopped early: training.early_stopping_epochs evaluations had no better score than those before; "
                    + $"the best epoch is {outcome.BestEpoch}");
            if (outcome.Graphs is { } graphs)
                terminal.Message($"CUDA graphs: {graphs.Recorded} recorded, {graphs.Replayed} of {graphs.Steps} steps replayed");
            terminal.Message($"model: {request.RunFolder}");
            return ranks is { IsFirst: false } ? ExitCode.Ok : Skips.Report(terminal, outcome.Skipped);
        }
    }

    /// <summary>Trains with progress on the terminal; the demo uses it, too.</summary>
    public static TrainingOutcome Run(Terminal terminal, TrainingRequest request, CancellationToken cancellation)
    {
        using var display = new TrainingDisplay(terminal);
        try
        {
            return TrainingSession.Run(TrainPreview.Announced(terminal, display, request), display, display.EpochDone, cancellation);
        }
        catch (DistributedException)
        {
            terminal.Message($"the same command with --resume, on all ranks, goes on from the last checkpoint: {request.RunFolder}");
            throw;
        }
        catch (OperationCanceledException)
        {
            terminal.Message($"stopped; the same command with --resume goes on: {request.RunFolder}");
            throw;
        }
    }
}
