using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks.Decisions;

/// <summary>The decisions of a float64 pass in their order, and how those of a pass on a device differ.</summary>
internal sealed class DecisionLog
{
    readonly List<int[]> _exact = [];
    readonly Dictionary<nint, int[]> _byKey = [];
    int _next;

    public long Rectified { get; private set; }

    public long RectifierFlips { get; private set; }

    public long Maxima { get; private set; }

    public long MaximumFlips { get; private set; }

    /// <summary>Writes down what an operation of the float64 pass decided.</summary>
    public void Record(OperationCall call)
    {
        if (Decision.KeyOf(call) is not null) _exact.Add(Decision.Of(call));
    }

    /// <summary>Runs an operation of a pass on a device: counts decisions that differ and gives backward those of float64.</summary>
    public object? Replay(OperationCall call)
    {
        if (Decision.KeyOfBackward(call) is { } known) return Decision.RunWith(call, _byKey[known.Address]);
        object? result = call.Run();
        if (Decision.KeyOf(call) is not { } key) return result;
        int[] exact = _exact[_next++], found = Decision.Of(call);
        _byKey[key.Address] = exact;
        int flips = exact.Zip(found).Count(pair => pair.First != pair.Second);
        if (Decision.IsMaximum(call)) (Maxima, MaximumFlips) = (Maxima + exact.Length, MaximumFlips + flips);
        else (Rectified, RectifierFlips) = (Rectified + exact.Length, RectifierFlips + flips);
        return result;
    }
}
