using NativeRetrieval.Benchmarks.Suites;
using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Optimizers;
using NativeRetrieval.Text;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>
/// The report's training: encoders and heads with dropout and SpecAugment, NT-Xent, gradient clipping, Adam. As in the trainer, a step is
/// recorded and replayed where the device does that, and its loss and norm are read when the next one is queued.
/// </summary>
internal sealed class TrainingRun : IDisposable
{
    public const double LearningRate = 1e-4;

    const ulong Seed = 1;

    readonly AdamOptimizer _optimizer;
    readonly SoundInputs _sounds;
    readonly SentenceInputs _sentences;
    readonly Tensor _numbers;
    readonly Tensor[] _changed;
    readonly SpecAugmentOptions? _masks;
    Pending? _pending;
    long _step;

    /// <param name="masks">SpecAugment; null: none.</param>
    /// <param name="maxGradientNorm">Null: nothing is clipped, and weights are updated within the backward pass.</param>
    public TrainingRun(Device device, WorkloadSizes sizes, int pairs, SpecAugmentOptions? masks, double? maxGradientNorm = 2)
    {
        var tokenizer = new TextTokenizer(Vocabulary.FromCaptions(["a dog barks"]));
        Model = new RetrievalModel(sizes.Model, tokenizer, device, new PhiloxSequence(new Philox(Seed)));
        _changed = [.. Model.State().Select(item => item.Tensor)];
        _optimizer = new AdamOptimizer([new ParameterGroup([.. Model.Parameters()])], new AdamOptions(MaxGradientNorm: maxGradientNorm));
        LogMel = Bench.LogMel(pairs, sizes.Frames, sizes.Cnn14.MelBins);
        _sounds = SoundInputs.Of(Tensor.From(LogMel, [pairs, 1, sizes.Frames, sizes.Cnn14.MelBins], device), lengths: null);
        _numbers = Tensor.From(Enumerable.Range(0, pairs).ToArray(), [pairs], device);
        Captions = DeviceWorkloads.Captions(sizes, pairs);
        _sentences = Model.TextEncoder.Place(Captions, training: true);
        _masks = masks;
        Captured = new CapturedWork(device, Console.Error.WriteLine);
    }

    public RetrievalModel Model { get; }

    /// <summary>Log-mel spectrograms of the clips, [pairs, 1, frames, bins].</summary>
    public float[] LogMel { get; }

    public TokenBatch Captions { get; }

    /// <summary>Recordings and replays of the steps.</summary>
    public CapturedWork Captured { get; }

    /// <summary>Queues a step, then waits for the one before it: for this one itself on a device that works at once.</summary>
    /// <param name="seen">Is told the step's loss and its gradient's norm before clipping, once they are read.</param>
    public void Step(Action<float, double>? seen = null)
    {
        using var scope = TensorScope.Begin();
        long step = _step++;
        var rates = _optimizer.BeginStep(LearningRate);
        var results = Captured.Run("step", [_sounds.LogMel, _sentences.Places, _numbers, rates], new(PassOf(step).FirstStream), _changed,
            inputs =>
            {
                using var update = _optimizer.BeginUpdate(inputs[3]);
                return [AddGradient(PassOf(step), inputs, update), update.Finish()!];
            });
        var next = new Pending(results[0].ReadLater<float>(), results[1].ReadLater<double>(), seen);
        Finish();
        _pending = next;
        if (!Model.Device.WorksBehind) Finish();
    }

    /// <summary>Waits for the last step, then frees all but the model.</summary>
    public void Dispose()
    {
        try
        {
            Finish();
        }
        finally
        {
            Captured.Dispose();
            _optimizer.Dispose();
            _sounds.LogMel.Dispose();
            _sentences.Places.Dispose();
            _numbers.Dispose();
        }
    }

    static TrainingPass PassOf(long step) => new(Seed, step);

    /// <returns>The loss, whose gradient is added to the parameters'.</returns>
    Tensor AddGradient(TrainingPass pass, IReadOnlyList<Tensor> inputs, AdamUpdate update)
    {
        using var scope = TensorScope.Begin();
        using var tape = Tape.Begin();
        var audio = Model.EmbedAudio(_sounds with { LogMel = inputs[0] }, pass, _masks);
        var text = Model.EmbedText(_sentences with { Places = inputs[1] }, pass);
        var loss = Op.NtXent(audio, text, inputs[2], inputs[2], new NtXentOptions());
        tape.Backward(loss, settled: update.Settled);
        return scope.Return(loss);
    }

    void Finish()
    {
        if (_pending is not { } step) return;
        _pending = null;
        float loss = step.Loss.Wait()[0];
        double norm = step.Clip.Wait()[1];
        if (!float.IsFinite(loss) || !double.IsFinite(norm))
            throw new InvalidOperationException($"the loss is {loss} and the gradient's norm {norm}");
        step.Seen?.Invoke(loss, norm);
    }

    /// <summary>A step that is queued.</summary>
    sealed record Pending(PendingValues<float> Loss, PendingValues<double> Clip, Action<float, double>? Seen);
}
