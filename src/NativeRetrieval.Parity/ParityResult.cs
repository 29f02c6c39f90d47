namespace NativeRetrieval.Parity;

/// <summary>The outcome of a case.</summary>
/// <param name="Tolerance">The largest error that passes in the device's precision.</param>
/// <param name="Unit">The unit of both; null: a relative L2 error.</param>
/// <param name="Error">The worst error; null where none could be measured, NaN where a value is not a number.</param>
/// <param name="Detail">Where the worst error is, or why there is none.</param>
public sealed record ParityResult(ParityCase Case, double Tolerance, string? Unit, double? Error, ParityStatus Status, string Detail);

/// <summary>The verdict on a case.</summary>
public enum ParityStatus : byte
{
    /// <summary>The worst error is within the tolerance.</summary>
    Ok,

    /// <summary>The worst error exceeds the tolerance, or the case broke.</summary>
    Failed,

    /// <summary>A file that the case reads is not there.</summary>
    Absent,
}
