using System.Globalization;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Training.Loop;

namespace NativeRetrieval.Cli.Commands.TrainingRuns;

/// <summary>Training on the terminal: a progress line for the phase at hand, a line for each epoch.</summary>
internal sealed class TrainingDisplay(Terminal terminal) : IProgress<TrainingProgress>, IDisposable
{
    /// <summary>Share of an epoch that the device may wait for batches, or a rank for others, before its line says so.</summary>
    const double NotedWait = 0.05;

    readonly Lock _lock = new();
    (TrainingPhase Phase, int Epoch, int Total) _current = ((TrainingPhase)(-1), -1, -1);
    Output.Progress? _line;

    public void Report(TrainingProgress value)
    {
        lock (_lock)
        {
            if (_current != (value.Phase, value.Epoch, value.Total))
            {
                _line?.Dispose();
                _current = (value.Phase, value.Epoch, value.Total);
                _line = value.Phase switch
                {
                    TrainingPhase.Features => new(terminal, "features", value.Total, "clips"),
                    TrainingPhase.Teaching => new(terminal, "teacher", value.Total, "clips"),
                    TrainingPhase.Estimate => new(terminal, "estimate", value.Total, "batch", leavesLine: false),
                    TrainingPhase.Training => new(terminal, $"epoch {value.Epoch}/{value.Epochs}", value.Total, "pairs", leavesLine: false),
                    _ => new(terminal, "validation", value.Total, "clips", leavesLine: false),
                };
            }
            _line!.Report(value.Done);
        }
    }

    public void EpochDone(EpochSummary epoch)
    {
        lock (_lock)
        {
            EndLine();
            string scores = epoch.Validation is { } v
                ? string.Create(CultureInfo.InvariantCulture,
                    $", validation R@1 {v.R1.Value:F3} R@10 {v.R10.Value:F3} mAP@10 {v.Map10.Value:F3}")
                : "";
            // Without validation data every epoch is the last so far: said once, at the end.
            string kept = epoch.KeptAs is { } reason && (epoch.Validation is not null || epoch.Epoch == epoch.Epochs) ? $" ({reason})" : "";
            string wait = Wait(epoch.InputWait, "input") + Wait(epoch.RankWait ?? 0, "other ranks");
            terminal.Message(string.Create(CultureInfo.InvariantCulture,
                $"epoch {epoch.Epoch}/{epoch.Epochs}: loss {epoch.Loss:F4}, {epoch.ClipsPerSecond:F1} clips/s{wait}{scores}{kept}, "
                    + $"{Output.Progress.Duration(epoch.Remaining)} left"));
        }
    }

    static string Wait(double share, string what) =>
        share > NotedWait ? string.Create(CultureInfo.InvariantCulture, $", {100 * share:F0} % waiting for {what}") : "";

    /// <summary>Ends the progress line, so that a message stands below it.</summary>
    public void EndLine()
    {
        lock (_lock)
        {
            _line?.Dispose();
            _line = null;
            _current = ((TrainingPhase)(-1), -1, -1);
        }
    }

    public void Dispose() => EndLine();
}
