using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Distributed;

/// <summary>The place of this process in a job, and the time limits of all.</summary>
public sealed record TcpGroupOptions
{
    /// <summary>The most ranks of a job.</summary>
    public const int LargestWorldSize = 4096;

    /// <summary>The number of this rank: 0 … <see cref="WorldSize"/> − 1.</summary>
    public required int Rank { get; init; }

    /// <summary>The number of ranks, 1 … 4096; the same for all.</summary>
    public required int WorldSize { get; init; }

    /// <summary>The place where the ranks meet; the same for all.</summary>
    public required Coordinator Coordinator { get; init; }

    /// <summary>
    /// A text that the ranks of this job have and others have not, such as the scheduler's number of the job or a secret. It is never sent:
    /// a rank proves that it has it. Default: empty.
    /// </summary>
    public string JobKey { get; init; } = "";

    /// <summary>
    /// Facts that must be the same on every rank, by name: versions, hashes of settings. A rank with another value ends the job.
    /// </summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();

    /// <summary>The time within which all ranks must have come. Default: 10 minutes.</summary>
    public TimeSpan JoinLimit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Gets a sentence every <see cref="JoinReport"/> while this rank waits for others to join: which are missing. Null: nobody hears it.
    /// </summary>
    public Action<string>? Joining { get; init; }

    /// <summary>The time between two sentences of <see cref="Joining"/>. Default: 10 seconds.</summary>
    public TimeSpan JoinReport { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time between two signs of life. Default: 1 second.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The time without a sign of life after which a rank has failed. Default: 20 seconds.</summary>
    public TimeSpan HeartbeatLimit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// The time after which a collective that not all ranks call has failed: longer than anything that one rank does alone. Default:
    /// 10 minutes.
    /// </summary>
    public TimeSpan CallLimit { get; init; } = TimeSpan.FromMinutes(10);

    /// <exception cref="OptionException">A value is outside its range.</exception>
    internal void Validate()
    {
        if (WorldSize is < 1 or > LargestWorldSize) throw new OptionException($"world size: 1 to {LargestWorldSize}, got {WorldSize}");
        if (Rank < 0 || Rank >= WorldSize)
            throw new OptionException($"rank: 0 to {WorldSize - 1} in a world of {WorldSize}, got {Rank}");
        (string, TimeSpan)[] limits =
            [("join limit", JoinLimit), ("join report", JoinReport), ("heartbeat", Heartbeat), ("call limit", CallLimit)];
        foreach (var (name, limit) in limits)
            if (limit <= TimeSpan.Zero) throw new OptionException($"{name}: a time above zero, got {limit}");
        if (HeartbeatLimit < 2 * Heartbeat)
            throw new OptionException($"heartbeat limit: at least two heartbeats of {Heartbeat}, got {HeartbeatLimit}");
    }
}
