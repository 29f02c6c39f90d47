using System.Text.Json;

namespace NativeRetrieval.Training.Runs;

/// <summary>
/// The position of a run: with its tensors all that resuming needs. Randomness is a function of seed
/// and position, so this is the random state, too.
/// </summary>
/// <param name="Seed">Seed of the run's streams.</param>
/// <param name="Step">Optimizer steps done.</param>
/// <param name="Epoch">Epoch of the next batch, from 0.</param>
/// <param name="Batch">Next batch of that epoch, from 0.</param>
/// <param name="LossSum">Sum of the losses of this epoch's batches so far.</param>
/// <param name="BestScore">R@1 + R@5 + R@10 of the best epoch so far, null before the first evaluation.</param>
/// <param name="BestEpoch">The epoch of <paramref name="BestScore"/>, from 0.</param>
/// <param name="EvaluationsWithoutImprovement">Evaluations since the one that had a better score than all before it.</param>
public sealed record TrainingState(long Seed, long Step, int Epoch, int Batch, double LossSum = 0, double? BestScore = null,
    int? BestEpoch = null, int EvaluationsWithoutImprovement = 0)
{
    internal string ToJson() => JsonSerializer.Serialize(this, CountersJson.Default.TrainingState);

    /// <exception cref="JsonException">The text is not a training state.</exception>
    internal static TrainingState FromJson(string json) =>
        JsonSerializer.Deserialize(json, CountersJson.Default.TrainingState) ?? throw new JsonException("null is no training state");
}
