using System.Collections.ObjectModel;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Training.Data;

namespace NativeRetrieval.Training.Settings;

/// <summary>Named settings to start from.</summary>
public static class Presets
{
    /// <summary>Names of all presets.</summary>
    public static IReadOnlyList<string> Names { get; } = ["paper", "paper-audiocaps", "clotho", "audiocaps", "tiny"];

    /// <exception cref="OptionException">There is no such preset.</exception>
    public static TrainingSettings Get(string name) => name switch
    {
        "paper" => Paper,
        "paper-audiocaps" => PaperAudioCaps,
        "clotho" => Clotho,
        "audiocaps" => AudioCaps,
        "tiny" => Tiny,
        _ => throw new OptionException($"no preset '{name}'; there are {string.Join(", ", Names)}"),
    };

    /// <summary>A preset's channels for encoders besides its own; those that are absent have their published ones.</summary>
    internal static IReadOnlyDictionary<AudioArchitecture, IReadOnlyList<int>> ChannelsOfOthers(string name) =>
        name == "tiny"
            ? new Dictionary<AudioArchitecture, IReadOnlyList<int>> { [ResNet38.Architecture] = [16, 16, 16, 32, 64, 64] }
            : ReadOnlyDictionary<AudioArchitecture, IReadOnlyList<int>>.Empty;

    /// <summary>
    /// The report as its authors' code runs it for Clotho: silence up to the batch's longest clip, and half of the loss of equation 2,
    /// whose gradient is clipped at 2.
    /// </summary>
    static TrainingSettings Paper { get; } = new()
    {
        Audio = new AudioSettings { Padding = PaddingRule.Paper },
        Loss = new LossSettings { LossScale = LossScale.Mean },
    };

    /// <summary>The same for AudioCaps, whose clips the authors' code makes ten seconds long.</summary>
    static TrainingSettings PaperAudioCaps { get; } =
        Paper with { Audio = new AudioSettings { Padding = PaddingRule.Window, MaxSeconds = 10 } };

    /// <summary>
    /// A recipe of ours, not a published one: the report's model with a smaller rate, a warm-up and a cosine (as WavCaps and later DCASE
    /// systems have them, each with values of its own) and with captions of one clip and equal captions as right answers to each other.
    /// </summary>
    static TrainingSettings Clotho { get; } = new()
    {
        Training = new OptimizationSettings { Epochs = 20, LearningRate = 5e-5, Schedule = ScheduleKind.Cosine, WarmupSteps = 1000 },
        Loss = new LossSettings { Positives = Positives.SameText },
    };

    /// <summary>Ours, too: the same for clips of ten seconds.</summary>
    static TrainingSettings AudioCaps { get; } = Clotho with { Audio = new AudioSettings { MaxSeconds = 10 } };

    /// <summary>
    /// A model of a quarter million weights that learns a few hundred short clips in a minute or two, for tests and the demo.
    /// </summary>
    static TrainingSettings Tiny { get; } = new()
    {
        Model = new ModelSettings
        {
            AudioChannels = [16, 16, 32, 32, 64, 64],
            AudioDropout = 0.1,
            AudioHeadWidth = 128,
            TextHeadWidth = 128,
            EmbeddingDimension = 64,
        },
        Audio = new AudioSettings { MaxSeconds = 5 },
        Text = new TextSettings
        {
            Pooling = TextPooling.Mean, MaxTokens = 64, Dropout = 0.1, HiddenWidth = 64, Layers = 2, Heads = 2, FeedForwardWidth = 128,
        },
        Augmentation = new AugmentationSettings { TimeStripeFrames = 15, CircularShift = true },
        Training = new OptimizationSettings
        {
            Epochs = 16, BatchSize = 16, LearningRate = 2e-3, Schedule = ScheduleKind.Cosine, WarmupSteps = 10,
        },
        Loss = new LossSettings { Positives = Positives.SameText },
        Data = new DataSettings { Captions = CaptionSampling.OnePerClip },
    };
}
