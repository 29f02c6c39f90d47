namespace NativeRetrieval.Training.Loop;

/// <summary>What a run will take, from a batch that was computed but not learned from.</summary>
/// <param name="ClipsPerSecond">Throughput of training.</param>
/// <param name="Step">One batch of mean length: forward and backward.</param>
/// <param name="StepsPerEpoch">Batches.</param>
/// <param name="Epoch">One epoch of training, without validation.</param>
/// <param name="Validation">One evaluation of the validation data; zero without.</param>
/// <param name="Total">All that is left of the run.</param>
/// <param name="EpochsLeft">Epochs not yet complete.</param>
/// <param name="PeakMemoryBytes">Most memory of the process with the epoch's largest batch; measured, or extrapolated where that batch would not fit.</param>
/// <param name="MachineMemoryBytes">Memory that the process may use.</param>
public sealed record RunEstimate(double ClipsPerSecond, TimeSpan Step, int StepsPerEpoch, TimeSpan Epoch, TimeSpan Validation, TimeSpan Total, int EpochsLeft,
    long PeakMemoryBytes, long MachineMemoryBytes)
{
    /// <summary>False: the run would most likely be killed for lack of memory.</summary>
    public bool Fits => PeakMemoryBytes <= MachineMemoryBytes;
}
