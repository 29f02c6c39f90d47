using NativeRetrieval.Core.Devices;
using NativeRetrieval.Nn.Optimizers;
using NativeRetrieval.Nn.Schedules;

namespace NativeRetrieval.Training.Settings;

/// <summary>Section <c>training</c>: optimizer, schedule and what is trained.</summary>
public sealed record OptimizationSettings
{
    /// <summary>Times through the training data.</summary>
    [Setting("times through the training data", Min = 1, Max = 100_000)]
    public int Epochs { get; init; } = 50;

    /// <summary>Pairs per batch; every other pair of a batch is a negative.</summary>
    [Setting("pairs per batch; every other pair of a batch is a negative", Min = 2, Max = 65536,
        Why = "a pair is learned against the others of its batch, and a batch of one has none")]
    public int BatchSize { get; init; } = 32;

    /// <summary>
    /// True: items that do not fill a batch are left out of an epoch. A single item that is left over joins the batch before, and data
    /// smaller than a batch is one batch.
    /// </summary>
    [Setting("items that do not fill a batch are left out of an epoch")]
    public bool DropLastBatch { get; init; } = true;

    /// <summary>
    /// Pairs that are embedded at a time, which bounds memory; 0: the whole batch. The loss is over all pairs of it (gradient cache).
    /// With <see cref="FreezeBatchNorm"/> and without random parts, loss and gradients are those of the whole batch; otherwise batch norms
    /// use the statistics of the chunk, and their running ones move once for the batch, towards the mean of the chunks'.
    /// </summary>
    [Setting("pairs that are embedded at a time, which bounds memory; the loss is over all pairs of the batch (gradient cache), batch "
        + "norms use the statistics of the chunk unless training.freeze_batch_norm, their running ones move once for the batch; 0: the "
        + "whole batch", Min = 0, Max = 65536)]
    public int ChunkSize { get; init; }

    /// <summary>
    /// Precision that the device multiplies in, which the run keeps; weights, moments, losses and what is saved are float32 in each. Other
    /// than <see cref="Precision.Float32"/> it needs a GPU.
    /// </summary>
    [Setting("what the device multiplies in, which the run keeps; weights, moments, losses and what is saved are float32 in each; tf32 "
        + "and bf16 need a GPU")]
    public Precision Precision { get; init; }

    /// <summary>Update rule.</summary>
    [Setting("update rule")]
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Adam;

    /// <summary>Learning rate.</summary>
    [Setting("learning rate", Key = "lr", Min = 0, AboveMin = true, Max = 10)]
    public double LearningRate { get; init; } = 1e-4;

    /// <summary>Decay of the first moment.</summary>
    [Setting("decay of the first moment", Min = 0, Max = 0.999999)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    [Setting("decay of the second moment", Min = 0, Max = 0.999999)]
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Number that is added to the root of the second moment.</summary>
    [Setting("added to the root of the second moment", Min = 0, AboveMin = true, Max = 1)]
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Weight decay; 0 for none.</summary>
    [Setting("weight decay; 0 for none", Min = 0, Max = 10)]
    public double WeightDecay { get; init; }

    /// <summary>
    /// True: AdamW decays the weights of norms and all biases, too. Adam's decay, which is part of the gradient, always reaches all.
    /// </summary>
    [Setting("adamw: the weights of norms and all biases decay, too (adam's decay, a part of the gradient, always reaches all)",
        Before = "true")]
    public bool DecayNormsAndBiases { get; init; }

    /// <summary>
    /// Largest global L2 norm of the gradient; 0 for no limit. Without a limit one rank updates weights within the backward pass, and
    /// their gradients are freed one by one: up to 4 bytes less for each.
    /// </summary>
    [Setting("largest global L2 norm of the gradient; 0 for no limit, which takes less memory: up to 4 bytes for each weight",
        Min = 0, Max = 1e9)]
    public double GradientClip { get; init; } = 2;

    /// <summary>Course of the learning rate.</summary>
    [Setting("course of the learning rate")]
    public ScheduleKind Schedule { get; init; } = ScheduleKind.Step;

    /// <summary>Epochs between two divisions of the step schedule.</summary>
    [Setting("schedule step: epochs between two divisions", Min = 1, Max = 100_000)]
    public int DecayEveryEpochs { get; init; } = 20;

    /// <summary>Divisor of the rate at each division of the step schedule.</summary>
    [Setting("schedule step: the rate is divided by this", Min = 1, Max = 1e6)]
    public double DecayDivisor { get; init; } = 10;

    /// <summary>Steps of the cosine schedule over which the rate rises from 0.</summary>
    [Setting("schedule cosine: steps over which the rate rises from 0", Min = 0, Max = 1e9)]
    public int WarmupSteps { get; init; }

    /// <summary>Step at which the cosine begins.</summary>
    [Setting("schedule cosine: where it begins, at the end of the warm-up or at the first step, so that the warm-up rises below it",
        Before = "first-step")]
    public CosineStart CosineFrom { get; init; }

    /// <summary>Learning rate of the audio encoder as a multiple of <see cref="LearningRate"/>.</summary>
    [Setting("learning rate of the audio encoder as a multiple of training.lr", Min = 0, Max = 1000)]
    public double AudioEncoderRate { get; init; } = 1;

    /// <summary>Learning rate of the text encoder as a multiple of <see cref="LearningRate"/>.</summary>
    [Setting("learning rate of the text encoder as a multiple of training.lr", Min = 0, Max = 1000)]
    public double TextEncoderRate { get; init; } = 1;

    /// <summary>Learning rate of both heads as a multiple of <see cref="LearningRate"/>.</summary>
    [Setting("learning rate of both heads as a multiple of training.lr", Min = 0, Max = 1000)]
    public double HeadRate { get; init; } = 1;

    /// <summary>True: the audio encoder is not trained; its batch norms use their stored statistics.</summary>
    [Setting("the audio encoder is not trained; its batch norms use their stored statistics")]
    public bool FreezeAudioEncoder { get; init; }

    /// <summary>True: the text encoder is not trained and has no dropout.</summary>
    [Setting("the text encoder is not trained and has no dropout")]
    public bool FreezeTextEncoder { get; init; }

    /// <summary>
    /// Stages of the audio encoder, from its input on, that are not trained: the input's batch norm, then each block or layer; they have no
    /// dropout, and batch norms their stored statistics.
    /// </summary>
    [Setting("stages of the audio encoder, from its input on, that are not trained: the input's batch norm, then each block or layer; "
        + "they have no dropout, and batch norms their stored statistics", Min = 0, Max = 1000)]
    public int FreezeAudioStages { get; init; }

    /// <summary>
    /// Stages of the text encoder, from its input on, that are not trained and have no dropout: its embeddings, then each layer.
    /// </summary>
    [Setting("stages of the text encoder, from its input on, that are not trained and have no dropout: its embeddings, then each layer",
        Min = 0, Max = 1000)]
    public int FreezeTextStages { get; init; }

    /// <summary>Epoch, counted from 0, from which what is frozen of the audio encoder is trained, too; 0: never.</summary>
    [Setting("epoch, counted from 0, from which what is frozen of the audio encoder is trained, too; 0: never", Min = 0, Max = 100_000)]
    public int UnfreezeAudioEpoch { get; init; }

    /// <summary>Epoch, counted from 0, from which what is frozen of the text encoder is trained, too; 0: never.</summary>
    [Setting("epoch, counted from 0, from which what is frozen of the text encoder is trained, too; 0: never", Min = 0, Max = 100_000)]
    public int UnfreezeTextEpoch { get; init; }

    /// <summary>True: batch norms keep their stored statistics in training, too; their scale and shift are trained.</summary>
    [Setting("batch norms keep their stored statistics in training, too; their scale and shift are trained")]
    public bool FreezeBatchNorm { get; init; }

    /// <summary>
    /// True: where several ranks train, batch norms normalise by the statistics of all their items; otherwise each rank by those of its
    /// part of the batch.
    /// </summary>
    [Setting("where several ranks train, batch norms normalise by the statistics of the whole batch, not of each rank's part of it")]
    public bool SynchronizedBatchNorm { get; init; }

    /// <summary>Epochs between two evaluations on the validation data; the last epoch is always evaluated.</summary>
    [Setting("epochs between two evaluations on the validation data; the last epoch is always evaluated", Min = 1, Max = 100_000)]
    public int ValidateEveryEpochs { get; init; } = 1;

    /// <summary>
    /// Evaluated epochs in a row without a better validation score (R@1 + R@5 + R@10) after which training stops; 0: never.
    /// </summary>
    [Setting("evaluated epochs in a row without a better validation score (R@1 + R@5 + R@10) after which training stops; 0: never",
        Min = 0, Max = 100_000)]
    public int EarlyStoppingEpochs { get; init; }

    /// <summary>
    /// Decay of an exponential moving average of the weights, which is what is evaluated and saved; less in the first steps; 0: none.
    /// </summary>
    [Setting("decay of an exponential moving average of the weights, which is what is evaluated and saved; less in the first "
        + "steps; 0: none", Min = 0, Max = 0.999999)]
    public double AverageDecay { get; init; }

    /// <summary>Optimizer steps between two checkpoints within an epoch; 0: at the end of each epoch only.</summary>
    [Setting("optimizer steps between two checkpoints within an epoch; 0: at the end of each epoch only", Min = 0, Max = 1e9)]
    public int CheckpointEverySteps { get; init; }

    /// <summary>The update rule as an argument of the optimizer.</summary>
    public AdamOptions AdamOptions =>
        new(Beta1, Beta2, Epsilon, WeightDecay, Decoupled: Optimizer == OptimizerKind.AdamW, GradientClip > 0 ? GradientClip : null);

    /// <summary>True where weight decay leaves norms and biases alone.</summary>
    internal bool SparesNormsAndBiases => Optimizer == OptimizerKind.AdamW && WeightDecay > 0 && !DecayNormsAndBiases;

    /// <summary>The course of the learning rate as an argument of the trainer.</summary>
    public LearningRateSchedule LearningRateSchedule => Schedule == ScheduleKind.Cosine
        ? new LearningRateSchedule.WarmupCosine(WarmupSteps, CosineFrom == CosineStart.FirstStep)
        : new LearningRateSchedule.StepDecay(DecayEveryEpochs, DecayDivisor);

    /// <summary>True where the validation data is evaluated after an epoch.</summary>
    /// <param name="epoch">Epoch, from 0.</param>
    internal bool IsEvaluated(int epoch) => epoch + 1 == Epochs || (epoch + 1) % ValidateEveryEpochs == 0;

    /// <summary>Evaluations after the epochs from one on.</summary>
    /// <param name="epoch">Epoch, from 0.</param>
    internal int EvaluationsFrom(int epoch) => Enumerable.Range(epoch, Math.Max(0, Epochs - epoch)).Count(IsEvaluated);
}

/// <summary>Update rules.</summary>
public enum OptimizerKind
{
    /// <summary>Adam; weight decay, if any, is added to the gradient.</summary>
    Adam,

    /// <summary>Adam with decoupled weight decay (Loshchilov and Hutter 2019).</summary>
    AdamW,
}

/// <summary>The course of the learning rate.</summary>
public enum ScheduleKind
{
    /// <summary>A division every so many epochs (the report).</summary>
    Step,

    /// <summary>A rise over the warm-up steps, then a fall to 0 along half a cosine.</summary>
    Cosine,
}

/// <summary>The step at which a cosine begins to fall.</summary>
public enum CosineStart
{
    /// <summary>The first after the warm-up, at which the rate is the full one.</summary>
    WarmupEnd,

    /// <summary>The first of the run: the warm-up rises to less than the full rate.</summary>
    FirstStep,
}
