using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Training.Loop;

/// <summary>A step that is queued on the device: its loss is read when the next one is queued, so that the device need not wait.</summary>
/// <param name="Number">Number of the step since the run began, from 0.</param>
/// <param name="Batch">Batch of the epoch.</param>
/// <param name="Items">Items of the batch.</param>
/// <param name="Rate">Learning rate.</param>
/// <param name="Waited">Time that the device waited for the batch.</param>
/// <param name="ForRanks">Time that this rank waited for others; null where the step was replayed: nothing is measured then.</param>
/// <param name="Loss">The loss.</param>
/// <param name="Clip">The factor of the gradients, and their norm; null where nothing has a gradient.</param>
internal sealed record PendingStep(long Number, int Batch, int Items, double Rate, TimeSpan Waited, TimeSpan? ForRanks,
    PendingValues<float> Loss, PendingValues<double>? Clip);
