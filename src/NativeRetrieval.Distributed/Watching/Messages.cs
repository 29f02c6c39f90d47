namespace NativeRetrieval.Distributed.Watching;

/// <summary>A sign of life, with what shows others whom they wait for.</summary>
internal sealed record Heartbeat(long Called, double BlockedSeconds);

/// <summary>A rank's report to rank 0 that another one, or itself, is at fault.</summary>
internal sealed record Accusation(AccusationKind Kind, int Rank, string Reason);

internal enum AccusationKind
{
    /// <summary>The rank says so of itself.</summary>
    GaveUp,

    /// <summary>A connection to the rank broke.</summary>
    Lost,

    /// <summary>The rank before the accuser calls another collective than the accuser.</summary>
    Differs,
}

/// <summary>The end of the job, decided by rank 0.</summary>
internal sealed record Verdict(int? Rank, string Message);
