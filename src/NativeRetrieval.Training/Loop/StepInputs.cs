using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;

namespace NativeRetrieval.Training.Loop;

/// <summary>Everything that a training step reads from the host, on the model's device.</summary>
/// <param name="Sounds">int32 [N]: items with equal numbers are of one sound.</param>
/// <param name="Texts">int32 [N]: items with equal numbers have one caption text.</param>
/// <param name="Chunks">The batch in the parts that it is embedded in.</param>
/// <param name="Teacher">[N, N], the teachers' score of each sound and each caption; null: no teachers.</param>
internal sealed record StepInputs(Tensor Sounds, Tensor Texts, IReadOnlyList<ChunkInputs> Chunks, Tensor? Teacher = null) : IDisposable
{
    /// <summary>Sizes that the tensors' shapes do not tell.</summary>
    public string Sizes => string.Join(' ', Chunks.Select(chunk =>
        chunk.Sentences is { } text ? $"{text.Sentences}x{text.Width}/{text.Rows}" : "frozen"));

    /// <summary>All tensors, in the order that <see cref="With"/> takes them.</summary>
    public IReadOnlyList<Tensor> Tensors =>
        [Sounds, Texts, .. Chunks.SelectMany(chunk => chunk.Tensors), .. Teacher is null ? (Tensor[])[] : [Teacher]];

    /// <summary>The place of a chunk in the batch, by its items.</summary>
    public BatchPart Part(int chunk)
    {
        double items = Chunks.Sum(Items);
        return new(Items(Chunks[chunk]) / items, Chunks.Skip(chunk + 1).Sum(Items) / items);

        static int Items(ChunkInputs chunk) => chunk.Sounds.LogMel.Shape[0];
    }

    /// <summary>The same inputs with other tensors of the same shapes.</summary>
    public StepInputs With(IReadOnlyList<Tensor> tensors)
    {
        int at = 2;
        return new(tensors[0], tensors[1], [.. Chunks.Select(chunk => chunk.With(() => tensors[at++]))],
            Teacher is null ? null : tensors[at]);
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (var tensor in Tensors) tensor.Dispose();
    }
}

/// <summary>The inputs of one part of a batch.</summary>
/// <param name="Sentences">Tokens of the captions; null where the text encoder is not trained.</param>
/// <param name="Vectors">[n, text encoder's width], the captions' vectors where the text encoder is not trained; else null.</param>
internal sealed record ChunkInputs(SoundInputs Sounds, SentenceInputs? Sentences, Tensor? Vectors)
{
    public IEnumerable<Tensor> Tensors =>
        new[] { Sounds.LogMel, Sounds.OwnFrames, Sentences?.Places, Vectors }.OfType<Tensor>();

    /// <summary>The same inputs with other tensors, asked for one after the other.</summary>
    public ChunkInputs With(Func<Tensor> next) => new(
        new(next(), Sounds.OwnFrames is null ? null : next()),
        Sentences is null ? null : Sentences with { Places = next() },
        Vectors is null ? null : next());
}
