using NativeRetrieval.Cli.Output;
using NativeRetrieval.Evaluation;

namespace NativeRetrieval.Cli.Commands.Evaluations;

/// <summary>An evaluation on the terminal: a progress line for each phase of each model.</summary>
internal sealed class EvaluationDisplay(Terminal terminal) : IProgress<EvaluationProgress>, IDisposable
{
    readonly Lock _lock = new();
    EvaluationPhase? _phase;
    Output.Progress? _line;

    public void Report(EvaluationProgress value)
    {
        lock (_lock)
        {
            if (_phase != value.Phase)
            {
                _line?.Dispose();
                _phase = value.Phase;
                _line = new(terminal, value.Phase == EvaluationPhase.Features ? "features" : "embedding", value.Total, "clips");
            }
            _line!.Report(value.Done);
        }
    }

    public void Dispose() => _line?.Dispose();
}
