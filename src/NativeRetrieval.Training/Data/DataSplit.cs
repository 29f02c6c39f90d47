using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Data;

/// <summary>The clips that a run learns from and those that choose its best epoch.</summary>
/// <param name="Validation">Clips that choose the best epoch; null: the last epoch is kept.</param>
/// <param name="IsHeldOut">True where the validation clips were drawn from the training data.</param>
public sealed record DataSplit(Dataset Training, Dataset? Validation, bool IsHeldOut)
{
    /// <summary>
    /// The split of a run: with <see cref="DataSettings.HoldOutClips"/> that many clips are drawn for validation, as a
    /// function of their seed and the data and so the same at every resume and in every run with that seed. The report's
    /// submissions were trained on 5,829 clips of Clotho, with 100 drawn like this.
    /// </summary>
    /// <exception cref="OptionException">Validation data and a hold-out are both asked for, the hold-out leaves nothing to train on, or
    /// early stopping has nothing to go by.</exception>
    public static DataSplit Of(Dataset data, Dataset? validation, TrainingSettings settings)
    {
        int count = settings.Data.HoldOutClips;
        if (settings.Training.EarlyStoppingEpochs > 0 && validation is null && count == 0)
            throw new OptionException($"training.early_stopping_epochs = {settings.Training.EarlyStoppingEpochs} needs validation data: "
                + "give --validation, or data.hold_out_clips");
        if (count == 0) return new DataSplit(data, validation, IsHeldOut: false);
        if (validation is not null)
            throw new OptionException($"data.hold_out_clips = {count} and --validation both choose validation clips; "
                + "leave out one of them");
        if (count >= data.Clips.Count)
            throw new OptionException($"data.hold_out_clips = {count} leaves nothing of {data.Clips.Count} clips to train on");

        int[] order = [.. Enumerable.Range(0, data.Clips.Count)];
        long seed = settings.Data.HoldOutSeed < 0 ? settings.Seed : settings.Data.HoldOutSeed;
        new PhiloxSequence(new RunRandom((ulong)seed).Stream(RandomUse.HoldOut, 0)).Shuffle<int>(order);
        var drawn = order[..count].ToHashSet();
        return new DataSplit(Part(inside: false), Part(inside: true), IsHeldOut: true);

        Dataset Part(bool inside) => data with { Clips = [.. data.Clips.Where((_, i) => drawn.Contains(i) == inside)] };
    }
}
