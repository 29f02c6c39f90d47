using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;

namespace NativeRetrieval.Training.Loop;

/// <summary>Everything that a training step reads from the host, on the model's device.</summary>
/// <param name="Sounds">int32 [N]: items with equal numbers are of one sound.</param>
/// <param name="Texts">int32 [N]: items with equal numbers have one caption text.</param>
/// <param name="Chunks">The rank's part of the batch in the parts that it is embedded in.</param>
/// <param name="Place">The rank's part of the batch.</param>
/// <param name="Teacher">[N, N], the teachers' score of each sound and each caption; null: no teachers.</param>
internal sealed record StepInputs(Tensor Sounds, Tensor Texts, IReadOnlyList<ChunkInputs> Chunks, BatchPlace Place,
    Tensor? Teacher = null) : IDisposable
{
    /// <summary>Sizes that the tensors' shapes do not tell.</summary>
    public string Sizes => string.Join(' ', Chunks.Select(chunk =>
        chunk.Sentences is { } text ? $"{text.Sentences}x{text.Width}/{text.Rows}" : "frozen").Append(Place.Sizes));

    /// <summary>All tensors, in the order that <see cref="With"/> takes them.</summary>
    public IReadOnlyList<Tensor> Tensors =>
        [Sounds, Texts, .. Chunks.SelectMany(chunk => chunk.Tensors), .. Teacher is null ? (Tensor[])[] : [Teacher]];

    /// <summary>The place of a chunk among the rank's items.</summary>
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
        return new(tensors[0], tensors[1], [.. Chunks.Select(chunk => chunk.With(() => tensors[at++]))], Place,
            Teacher is null ? null : tensors[at]);
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (var tensor in Tensors) tensor.Dispose();
    }
}

/// <summary>The part of a batch that a rank embeds: of a batch at once its rows, of a batch in chunks its chunks.</summary>
/// <param name="Counts">Items of each rank; they lie in the order of the ranks.</param>
/// <param name="Start">First item of this rank.</param>
/// <param name="FirstChunk">Number of its first chunk; 0 where the batch is embedded at once.</param>
/// <param name="FirstToken">Tokens of the captions before its first, where the batch is embedded at once; else 0.</param>
/// <param name="InChunks">True where the batch is embedded in chunks, of which this rank may have one or none.</param>
internal sealed record BatchPlace(IReadOnlyList<int> Counts, int Start, int FirstChunk, long FirstToken, bool InChunks)
{
    /// <summary>Items of the whole batch.</summary>
    public int Items => Counts.Sum();

    /// <summary>The place, apart from the tokens: by these recorded work can move.</summary>
    public string Sizes => $"at {Start} of {string.Join('+', Counts)}, chunk {FirstChunk}";
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
