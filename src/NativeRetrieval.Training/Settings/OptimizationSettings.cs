using NativeRetrieval.Nn.Optimizers;
using NativeRetrieval.Nn.Schedules;

namespace NativeRetrieval.Training.Settings;

/// <summary>Section <c>training</c>: optimizer, schedule and what is trained.</summary>
public sealed record OptimizationSettings
{
    [Setting("times through the training data", Min = 1, Max = 100_000)]
    public int Epochs { get; init; } = 50;

    [Setting("pairs per batch; every other pair of a batch is a negative", Min = 1, Max = 65536)]
    public int BatchSize { get; init; } = 32;

    [Setting("items that do not fill a batch are left out of an epoch")]
    public bool DropLastBatch { get; init; } = true;

    [Setting("pairs that are embedded at a time, which bounds memory; the loss is that of the whole batch (gradient cache), batch norms use the statistics of the chunk unless training.freeze_batch_norm; 0: the whole batch", Min = 0, Max = 65536)]
    public int ChunkSize { get; init; }

    [Setting("update rule")]
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Adam;

    [Setting("learning rate", Key = "lr", Min = 0, AboveMin = true, Max = 10)]
    public double LearningRate { get; init; } = 1e-4;

    [Setting("decay of the first moment", Min = 0, Max = 0.999999)]
    public double Beta1 { get; init; } = 0.9;

    [Setting("decay of the second moment", Min = 0, Max = 0.999999)]
    public double Beta2 { get; init; } = 0.999;

    [Setting("added to the root of the second moment", Min = 0, AboveMin = true, Max = 1)]
    public double Epsilon { get; init; } = 1e-8;

    [Setting("weight decay; 0 for none", Min = 0, Max = 10)]
    public double WeightDecay { get; init; }

    [Setting("largest global L2 norm of the gradient; 0 for no limit", Min = 0, Max = 1e9)]
    public double GradientClip { get; init; } = 2;

    [Setting("course of the learning rate")]
    public ScheduleKind Schedule { get; init; } = ScheduleKind.Step;

    [Setting("schedule step: epochs between two divisions", Min = 1, Max = 100_000)]
    public int DecayEveryEpochs { get; init; } = 20;

    [Setting("schedule step: the rate is divided by this", Min = 1, Max = 1e6)]
    public double DecayDivisor { get; init; } = 10;

    [Setting("schedule cosine: steps over which the rate rises from 0", Min = 0, Max = 1e9)]
    public int WarmupSteps { get; init; }

    [Setting("learning rate of the audio encoder as a multiple of training.lr", Min = 0, Max = 1000)]
    public double AudioEncoderRate { get; init; } = 1;

    [Setting("learning rate of the text encoder as a multiple of training.lr", Min = 0, Max = 1000)]
    public double TextEncoderRate { get; init; } = 1;

    [Setting("learning rate of both heads as a multiple of training.lr", Min = 0, Max = 1000)]
    public double HeadRate { get; init; } = 1;

    [Setting("the audio encoder is not trained; its batch norms use their stored statistics")]
    public bool FreezeAudioEncoder { get; init; }

    [Setting("the text encoder is not trained and has no dropout")]
    public bool FreezeTextEncoder { get; init; }

    [Setting("stages of the audio encoder, from its input on, that are not trained: the input's batch norm, then each block or layer; they have no dropout, and batch norms their stored statistics", Min = 0, Max = 1000)]
    public int FreezeAudioStages { get; init; }

    [Setting("stages of the text encoder, from its input on, that are not trained and have no dropout: its embeddings, then each layer", Min = 0, Max = 1000)]
    public int FreezeTextStages { get; init; }

    [Setting("epoch, counted from 0, from which what is frozen of the audio encoder is trained, too; 0: never", Min = 0, Max = 100_000)]
    public int UnfreezeAudioEpoch { get; init; }

    [Setting("epoch, counted from 0, from which what is frozen of the text encoder is trained, too; 0: never", Min = 0, Max = 100_000)]
    public int UnfreezeTextEpoch { get; init; }

    [Setting("batch norms keep their stored statistics in training, too; their scale and shift are trained")]
    public bool FreezeBatchNorm { get; init; }

    [Setting("epochs between two evaluations on the validation data; the last epoch is always evaluated", Min = 1, Max = 100_000)]
    public int ValidateEveryEpochs { get; init; } = 1;

    [Setting("evaluated epochs in a row without a better validation score (R@1 + R@5 + R@10) after which training stops; 0: never", Min = 0, Max = 100_000)]
    public int EarlyStoppingEpochs { get; init; }

    [Setting("decay of an exponential moving average of the weights, which is what is evaluated and saved; less in the first steps; 0: none", Min = 0, Max = 0.999999)]
    public double AverageDecay { get; init; }

    [Setting("optimizer steps between two checkpoints within an epoch; 0: at the end of each epoch only", Min = 0, Max = 1e9)]
    public int CheckpointEverySteps { get; init; }

    public AdamOptions AdamOptions => new(Beta1, Beta2, Epsilon, WeightDecay, Decoupled: Optimizer == OptimizerKind.AdamW, GradientClip > 0 ? GradientClip : null);

    public LearningRateSchedule LearningRateSchedule => Schedule == ScheduleKind.Cosine
        ? new LearningRateSchedule.WarmupCosine(WarmupSteps)
        : new LearningRateSchedule.StepDecay(DecayEveryEpochs, DecayDivisor);
}
