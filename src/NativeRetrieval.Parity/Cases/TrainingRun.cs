using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Optimizers;
using NativeRetrieval.Text;

namespace NativeRetrieval.Parity.Cases;

/// <summary>
/// The training loop of the golden runs: batches in turn, no dropout, NT-Xent at the report's temperature, clipped gradients, Adam.
/// </summary>
sealed class TrainingRun(SafetensorsFile golden, TrainingRecipe recipe, RetrievalModel model) : IDisposable
{
    readonly int _clips = golden.Sizes("logmel")[0];
    readonly DType _dtype = model.AudioEncoder.Parameters().First().Tensor.DType;

    public (double[] Losses, double[] Norms) Train()
    {
        using var adam = new AdamOptimizer([new ParameterGroup([.. model.Parameters()])], recipe.Adam);
        int steps = golden.Sizes("loss")[0];
        var (losses, norms) = (new double[steps], new double[steps]);
        for (int step = 0; step < steps; step++)
        {
            int[] items = [.. Enumerable.Range(step * recipe.BatchSize, recipe.BatchSize).Select(item => item % _clips)];
            using var scope = TensorScope.Begin();
            using (var tape = Tape.Begin())
            {
                var pass = new TrainingPass(seed: 0, step);
                var audio = model.EmbedAudio(LogMel(items), null, pass);
                var text = model.EmbedText(Tokens(items), pass);
                var ids = Tensor.From(Enumerable.Range(0, items.Length).ToArray(), [items.Length], model.Device);
                var loss = Op.NtXent(audio, text, ids, ids, new NtXentOptions());
                losses[step] = loss.Item();
                tape.Backward(loss);
            }
            norms[step] = adam.Step(recipe.Rate);
        }
        return (losses, norms);
    }

    /// <summary>The trained model's embeddings of all clips and captions.</summary>
    public void AddEmbeddings(WorstError worst)
    {
        using var scope = TensorScope.Begin();
        int[] all = [.. Enumerable.Range(0, _clips)];
        worst.Add(golden, "final_audio_embedding", model.EmbedAudio(LogMel(all), null));
        worst.Add(golden, "final_text_embedding", model.EmbedText(Tokens(all)));
    }

    public void Dispose() => model.Dispose();

    Tensor LogMel(int[] items)
    {
        int[] shape = [items.Length, .. golden.Sizes("logmel")[1..]];
        double[] all = golden.ReadFloat64("logmel"), values = [.. items.SelectMany(item => Row(all, item))];
        return _dtype == DType.Float64 ? Tensor.From(values, shape, model.Device)
            : Tensor.From(Array.ConvertAll(values, v => (float)v), shape, model.Device);
    }

    /// <summary>Padding is id 0 at the end of each row.</summary>
    TokenBatch Tokens(int[] items)
    {
        int[] ids = [.. golden.ReadInt64("input_ids").Select(id => (int)id)];
        int[][] rows = [.. items.Select(item => Row(ids, item).ToArray())];
        return new TokenBatch([.. rows.SelectMany(row => row)], [.. rows.Select(row => row.Count(id => id != 0))], rows[0].Length);
    }

    ArraySegment<T> Row<T>(T[] values, int item) => new(values, item * (values.Length / _clips), values.Length / _clips);
}
