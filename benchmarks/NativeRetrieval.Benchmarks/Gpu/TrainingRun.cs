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

/// <summary>The report's training: encoders and heads with dropout and SpecAugment, NT-Xent, gradient clipping, Adam.</summary>
internal sealed class TrainingRun : IDisposable
{
    public const double LearningRate = 1e-4;

    readonly AdamOptimizer _optimizer;
    readonly Tensor _logMel, _numbers;
    readonly SpecAugmentOptions? _masks;
    long _step;

    /// <param name="masks">SpecAugment; null: none.</param>
    public TrainingRun(Device device, WorkloadSizes sizes, int pairs, SpecAugmentOptions? masks)
    {
        var tokenizer = new TextTokenizer(Vocabulary.FromCaptions(["a dog barks"]));
        Model = new RetrievalModel(sizes.Model, tokenizer, device, new PhiloxSequence(new Philox(1)));
        _optimizer = new AdamOptimizer([new ParameterGroup([.. Model.Parameters()])], new AdamOptions(MaxGradientNorm: 2));
        LogMel = Bench.LogMel(pairs, sizes.Frames, sizes.Cnn14.MelBins);
        _logMel = Tensor.From(LogMel, [pairs, 1, sizes.Frames, sizes.Cnn14.MelBins], device);
        _numbers = Tensor.From(Enumerable.Range(0, pairs).ToArray(), [pairs], device);
        Captions = DeviceWorkloads.Captions(sizes, pairs);
        _masks = masks;
    }

    public RetrievalModel Model { get; }

    /// <summary>Log-mel spectrograms of the clips, [pairs, 1, frames, bins].</summary>
    public float[] LogMel { get; }

    public TokenBatch Captions { get; }

    /// <summary>Takes one step.</summary>
    /// <param name="seen">Is told the loss and the gradient's norm before clipping; null: the loss is not read.</param>
    public void Step(Action<float, double>? seen = null)
    {
        using var scope = TensorScope.Begin();
        Tensor loss;
        using (var tape = Tape.Begin())
        {
            var pass = new TrainingPass(seed: 1, _step++);
            var audio = Model.EmbedAudio(_logMel, lengths: null, pass, _masks);
            var text = Model.EmbedText(Captions, pass);
            loss = Op.NtXent(audio, text, _numbers, _numbers, new NtXentOptions());
            tape.Backward(loss);
        }
        double norm = _optimizer.Step(LearningRate);
        seen?.Invoke(loss.ToArray<float>()[0], norm);
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _logMel.Dispose();
        _numbers.Dispose();
    }
}
