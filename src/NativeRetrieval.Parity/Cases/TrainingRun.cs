using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Optimizers;
using NativeRetrieval.Text;

namespace NativeRetrieval.Parity.Cases;

/// <summary>The training loop of the golden runs: batches of eight in turn, no dropout, gradients clipped at norm 2, Adam with ε = 1e-4.</summary>
sealed class TrainingRun(SafetensorsFile golden, RetrievalModel model, double rate) : IDisposable
{
    const int BatchSize = 8;

    readonly int _clips = (int)golden.Entry("logmel").Shape[0];
    readonly DType _dtype = model.AudioEncoder.Parameters().First().Tensor.DType;

    public (double[] Losses, double[] Norms) Train()
    {
        using var adam = new AdamOptimizer([new ParameterGroup([.. model.Parameters()])], new AdamOptions(Epsilon: 1e-4, MaxGradientNorm: 2));
        int steps = (int)golden.Entry("loss").Shape[0];
        var (losses, norms) = (new double[steps], new double[steps]);
        for (int step = 0; step < steps; step++)
        {
            int first = step * BatchSize % _clips;
            using var scope = TensorScope.Begin();
            using (var tape = Tape.Begin())
            {
                var pass = new TrainingPass(seed: 0, step);
                var audio = model.EmbedAudio(LogMel(first, BatchSize), null, pass);
                var text = model.EmbedText(Tokens(first, BatchSize), pass);
                var ids = Tensor.From(Enumerable.Range(0, BatchSize).ToArray(), [BatchSize], model.Device);
                var loss = Op.NtXent(audio, text, ids, ids, new NtXentOptions());
                losses[step] = loss.Item();
                tape.Backward(loss);
            }
            norms[step] = adam.Step(rate);
        }
        return (losses, norms);
    }

    /// <summary>The trained model's embeddings of all clips and captions.</summary>
    public void AddEmbeddings(WorstError worst)
    {
        using var scope = TensorScope.Begin();
        worst.Add(golden, "final_audio_embedding", model.EmbedAudio(LogMel(0, _clips), null));
        worst.Add(golden, "final_text_embedding", model.EmbedText(Tokens(0, _clips)));
    }

    public void Dispose() => model.Dispose();

    Tensor LogMel(int first, int count) => golden.Load("logmel", _dtype, model.Device).Rows(first, count);

    /// <summary>Padding is id 0 at the end of each row.</summary>
    TokenBatch Tokens(int first, int count)
    {
        long[] ids = golden.ReadInt64("input_ids");
        int width = ids.Length / _clips;
        int[] rows = [.. ids.Skip(first * width).Take(count * width).Select(id => (int)id)];
        return new TokenBatch(rows, [.. Enumerable.Range(0, count).Select(i => rows.Skip(i * width).Take(width).Count(id => id != 0))], width);
    }
}
