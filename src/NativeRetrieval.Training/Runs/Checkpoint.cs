using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Training.Runs;

/// <summary>A verified checkpoint. Dispose it before the next one is saved: its file is mapped.</summary>
/// <param name="Tensors">What was saved: parameters, buffers and optimizer state, by the trainer's names.</param>
public sealed record Checkpoint(TrainingState State, SafetensorsFile Tensors) : IDisposable
{
    public void Dispose() => Tensors.Dispose();
}
