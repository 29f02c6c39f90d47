namespace NativeRetrieval.Distributed;

/// <summary>The place of this process in a job, as a launcher or the command line tells it.</summary>
public sealed record JobPlace
{
    /// <summary>The number of this rank, from 0.</summary>
    public required int Rank { get; init; }

    /// <summary>The number of ranks.</summary>
    public required int WorldSize { get; init; }

    /// <summary>The place where the ranks meet; null where the launcher does not say.</summary>
    public Coordinator? Coordinator { get; init; }

    /// <summary>The number of this rank on its machine, from 0; null where the launcher does not say.</summary>
    public int? LocalRank { get; init; }

    /// <summary>A text that tells the job from others, such as the scheduler's number of it.</summary>
    public string JobKey { get; init; } = "";

    /// <summary>The source of rank and world size, for messages, e.g. <c>SLURM_PROCID and SLURM_NTASKS</c>.</summary>
    public required string Source { get; init; }
}
