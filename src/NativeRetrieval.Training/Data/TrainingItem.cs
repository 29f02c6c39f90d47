using NativeRetrieval.Evaluation.Data;

namespace NativeRetrieval.Training.Data;

/// <summary>A pair to train on: indices into <see cref="Dataset.Clips"/> and that clip's captions.</summary>
public readonly record struct TrainingItem(int Clip, int Caption);
