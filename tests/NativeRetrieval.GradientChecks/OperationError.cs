namespace NativeRetrieval.GradientChecks;

/// <summary>The error of one output of one operation on float64's own inputs.</summary>
/// <param name="Shapes">Sizes of the operation's first tensors.</param>
/// <param name="Algorithm">Of a convolution or product, or the own kernel in its place; null where there is no choice.</param>
/// <param name="Deterministic">The algorithm's promise of the same bits in every run; null without one.</param>
/// <param name="Moves">Two runs gave different bits.</param>
/// <param name="Milliseconds">Of one run with what it needs, such as the filters' other order; null where it was not timed.</param>
/// <param name="LeftOut">Entries that rounding alone decides, left out.</param>
/// <param name="ChannelsOver">Channels whose own error is above the bound.</param>
public sealed record OperationError(string Model, string Operation, string Shapes, string Output, string? Algorithm, bool? Deterministic,
    bool? Moves, double? Milliseconds, double Error, double Bound, int LeftOut, int ChannelsOver, int Channels)
{
    public bool Holds => Error <= Bound;
}

/// <summary>The error of the parameters' gradients of a whole pass.</summary>
/// <param name="Run">How the pass was run.</param>
/// <param name="Tensor">The parameter with the largest error.</param>
/// <param name="Bound">Null where the error is reported alone.</param>
/// <param name="Flips">Decisions that differ from float64's; empty where they were not counted.</param>
public sealed record PassError(string Model, string Run, string Tensor, double Error, double? Bound, int ChannelsOver, int Channels,
    string Flips)
{
    public bool Holds => !(Error > Bound) && !double.IsNaN(Error);
}

/// <summary>All that was found in one precision.</summary>
/// <param name="Passes">Empty where operations were checked alone.</param>
public sealed record GradientReport(IReadOnlyList<OperationError> Operations, IReadOnlyList<PassError> Passes)
{
    public bool Holds => Operations.Count > 0 && Operations.All(error => error.Holds) && Passes.All(error => error.Holds);
}
