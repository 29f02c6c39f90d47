namespace NativeRetrieval.Training.Loop;

/// <summary>The time and memory that a run will take, from a batch that was computed but not learned from.</summary>
/// <param name="ClipsPerSecond">Throughput of training.</param>
/// <param name="Step">Time of one batch of mean length: forward and backward.</param>
/// <param name="StepsPerEpoch">Batches of an epoch.</param>
/// <param name="Epoch">Time of one epoch of training, without validation.</param>
/// <param name="Validation">Time of one evaluation of the validation data; zero without.</param>
/// <param name="Total">Time of all that is left of the run.</param>
/// <param name="EpochsLeft">Epochs not yet complete.</param>
/// <param name="PeakMemoryBytes">Most memory of the process with the epoch's largest batch; measured, or
/// extrapolated where that batch would not fit.</param>
/// <param name="MachineMemoryBytes">Memory that the process may use.</param>
public sealed record RunEstimate(double ClipsPerSecond, TimeSpan Step, int StepsPerEpoch, TimeSpan Epoch, TimeSpan Validation,
    TimeSpan Total, int EpochsLeft, long PeakMemoryBytes, long MachineMemoryBytes)
{
    /// <summary>
    /// Ranks that share each batch: times are those of all together, exchange included, memory that of the rank which takes most, and on a
    /// CPU the machine's is divided by its ranks.
    /// </summary>
    public int Ranks { get; init; } = 1;

    /// <summary>False where the run would most likely be killed for lack of memory.</summary>
    public bool Fits => PeakMemoryBytes <= MachineMemoryBytes;
}
