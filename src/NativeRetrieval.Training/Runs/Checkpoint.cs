using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Training.Runs;

/// <summary>A verified checkpoint. Dispose it before the next one is saved: its file is mapped.</summary>
/// <param name="Tensors">Saved tensors: parameters, buffers and optimizer state, by the trainer's names.</param>
public sealed record Checkpoint(TrainingState State, SafetensorsFile Tensors) : IDisposable
{
    /// <summary>Closes the file.</summary>
    public void Dispose() => Tensors.Dispose();
}
