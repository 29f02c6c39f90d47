using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Text;

namespace NativeRetrieval.Models;

/// <summary>
/// Unit vectors of clips and captions in evaluation mode. Clips of equal length are batched together, so that nothing is padded or masked;
/// a vector is the same whatever else is embedded with it. Ranks share the batches out and all get all vectors, those of one rank to the
/// last bit; where one is cancelled, all are.
/// </summary>
public static class Embedder
{
    const int BatchFrames = 12_000; // two minutes of sound: memory stays bounded whatever the clips' lengths
    const int BatchTexts = 32;

    /// <summary>
    /// Tokens that the CPU reads at once where memory counts: more are hardly faster each, and from so many on linear layers keep a second
    /// copy of their weights.
    /// </summary>
    const int FewTokens = 400;

    /// <summary>Embeddings of <paramref name="count"/> clips, [count, D], row-major, of length 1.</summary>
    /// <param name="frames">Frames of clip i.</param>
    /// <param name="load">Log-mel of clip i; called once for each, in batches.</param>
    /// <param name="done">Called with the number of clips embedded so far.</param>
    /// <param name="captured">Replays batches of shapes that come again, for a model that does not change; null: none are.</param>
    /// <param name="ranks">Ranks that have the same model and clips and call this together; null: this one alone.</param>
    public static float[] Clips(RetrievalModel model, int count, Func<int, int> frames, Func<int, LogMelClip> load,
        Action<int>? done = null, CancellationToken cancellation = default, CapturedWork? captured = null, IProcessGroup? ranks = null)
    {
        int width = model.Config.EmbeddingDimension, finished = 0;
        return Shared(OfEqualLength(count, frames, length => length), count, width, model.Device, ranks, cancellation, (batch, vectors) =>
        {
            finished += batch.Length;
            if (vectors is null) return;
            using var scope = TensorScope.Begin();
            var logMel = AudioBatch.OwnLength([.. batch.Select(load)], model.Device).LogMel;
            Scatter(Run(captured, "clips", logMel, x => model.EmbedAudio(x, lengths: null)), batch, width, vectors);
            done?.Invoke(finished);
        });
    }

    /// <summary>Embeddings of waveforms, [count, D], row-major, of length 1; the front end runs on the model's device.</summary>
    /// <param name="clips">Samples of each clip, mono at the model's sample rate, made by <see cref="FeatureExtractor.Waveform"/>.</param>
    /// <param name="captured">Replays batches of shapes that come again, for a model that does not change; null: none are.</param>
    public static float[] Waveforms(RetrievalModel model, IReadOnlyList<float[]> clips, CancellationToken cancellation = default,
        CapturedWork? captured = null)
    {
        int width = model.Config.EmbeddingDimension;
        var vectors = new float[(long)clips.Count * width];
        foreach (int[] batch in OfEqualLength(clips.Count, i => clips[i].Length, model.Config.LogMel.FramesOf))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = TensorScope.Begin();
            var waveforms = Tensor.Empty([batch.Length, clips[batch[0]].Length], model.Device);
            for (int i = 0; i < batch.Length; i++) waveforms.Rows(i, 1).CopyFrom<float>(clips[batch[i]]);
            Scatter(Waveforms(model, waveforms, captured), batch, width, vectors);
        }
        return vectors;
    }

    /// <summary>Embeddings of waveforms of one length, [count, D], of length 1.</summary>
    /// <param name="waveforms">[count, samples] on the model's device.</param>
    internal static Tensor Waveforms(RetrievalModel model, Tensor waveforms, CapturedWork? captured) =>
        Run(captured, "waveforms", waveforms, x => model.EmbedWaveform(x, lengths: null));

    /// <summary>Embeddings of captions or queries, [count, D], row-major, of length 1.</summary>
    /// <param name="captured">Replays batches of shapes that come again, for a model that does not change; null: none are.</param>
    /// <param name="ranks">Ranks that have the same model and texts and call this together; null: this one alone.</param>
    public static float[] Texts(RetrievalModel model, IReadOnlyList<string> texts, CancellationToken cancellation = default,
        CapturedWork? captured = null, IProcessGroup? ranks = null)
    {
        int width = model.Config.EmbeddingDimension;
        return Shared(Batches(texts), texts.Count, width, model.Device, ranks, cancellation, (batch, vectors) =>
        {
            if (vectors is null) return;
            using var scope = TensorScope.Begin();
            Scatter(Read(model, TokensOf(model, texts, batch), captured).Embeddings, batch, width, vectors);
        });
    }

    /// <summary>Embeddings of captions or queries, and the text encoder's own vectors that they are made from.</summary>
    /// <inheritdoc cref="Texts" path="/param"/>
    public static TextVectors ReadTexts(RetrievalModel model, IReadOnlyList<string> texts, CancellationToken cancellation = default,
        CapturedWork? captured = null)
    {
        int width = model.Config.EmbeddingDimension, ownWidth = model.TextEncoder.Width;
        var vectors = new float[(long)texts.Count * width];
        var encoded = new float[(long)texts.Count * ownWidth];
        foreach (int[] batch in Batches(texts)) Take(batch);
        return new TextVectors(vectors, encoded) { Precision = model.TextEncoder.Precision };

        void Take(ReadOnlySpan<int> batch)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = TensorScope.Begin();
            var tokens = TokensOf(model, texts, batch);
            if (batch.Length > 1 && model.Device is CpuDevice && tokens.Lengths.Sum() > FewTokens)
            {
                Take(batch[..(batch.Length / 2)]);
                Take(batch[(batch.Length / 2)..]);
                return;
            }
            var (embeddings, own) = Read(model, tokens, captured);
            Scatter(embeddings, batch, width, vectors);
            Scatter(own, batch, ownWidth, encoded);
        }
    }

    /// <summary>Sentences of like length together: little padding to compute.</summary>
    static IEnumerable<int[]> Batches(IReadOnlyList<string> texts) =>
        Enumerable.Range(0, texts.Count).OrderBy(i => texts[i].Length).Chunk(BatchTexts);

    static TokenBatch TokensOf(RetrievalModel model, IReadOnlyList<string> texts, ReadOnlySpan<int> batch)
    {
        var own = new string[batch.Length];
        for (int i = 0; i < own.Length; i++) own[i] = texts[batch[i]];
        return model.Tokenize(own);
    }

    /// <summary>Unit vectors of a batch of texts: in the shared space, and the text encoder's own.</summary>
    static (Tensor Embeddings, Tensor Own) Read(RetrievalModel model, TokenBatch tokens, CapturedWork? captured)
    {
        var sentences = model.TextEncoder.Place(tokens, training: false);
        string sizes = $"sentences {sentences.Sentences}x{sentences.Width}/{sentences.Rows}";
        var both = captured is null ? Both(sentences.Places)
            : captured.Run(sizes, [sentences.Places], place: default, state: [], inputs => Both(inputs[0]));
        return (both[0], both[1]);

        Tensor[] Both(Tensor places)
        {
            var own = model.TextEncoder.Forward(sentences with { Places = places });
            return [Op.L2Normalize(model.ProjectText(own)), Op.L2Normalize(own)];
        }
    }

    /// <summary>Vectors of batches, each of which is made by one rank.</summary>
    /// <param name="work">Fills in the vectors of a batch; where it is another rank's, there are none to fill in.</param>
    static float[] Shared(IEnumerable<int[]> batches, int count, int width, Device device, IProcessGroup? ranks,
        CancellationToken cancellation, Action<int[], float[]?> work)
    {
        var vectors = new float[(long)count * width];
        bool alone = ranks is null or { WorldSize: 1 };
        int number = 0;
        foreach (int[] batch in batches)
        {
            if (alone) cancellation.ThrowIfCancellationRequested();
            else if (cancellation.IsCancellationRequested) break;
            work(batch, alone || number++ % ranks!.WorldSize == ranks.Rank ? vectors : null);
        }
        if (alone) return vectors;
        RankJob.ThrowIfAnyIsCancelled(ranks, cancellation);
        // One rank has a vector and the others zeros: the sum is the vector.
        using var all = TensorScope.Detach(Tensor.From(vectors, [vectors.Length], device));
        ranks!.AllReduce(all).Wait();
        return all.ToArray<float>();
    }

    /// <summary>Unit vectors of a batch.</summary>
    static Tensor Run(CapturedWork? captured, string name, Tensor input, Func<Tensor, Tensor> embed) =>
        captured is null ? Op.L2Normalize(embed(input))
            : captured.Run(name, [input], place: default, state: [], inputs => [Op.L2Normalize(embed(inputs[0]))])[0];

    /// <summary>Clips of one length together, the shortest first, in batches of bounded size.</summary>
    static IEnumerable<int[]> OfEqualLength(int count, Func<int, int> length, Func<int, int> framesOf) =>
        Enumerable.Range(0, count).GroupBy(length).OrderBy(group => group.Key)
            .SelectMany(group => group.Chunk(Math.Max(1, BatchFrames / Math.Max(1, framesOf(group.Key)))));

    static void Scatter(Tensor rows, ReadOnlySpan<int> targets, int width, float[] vectors)
    {
        float[] values = rows.ToArray<float>();
        for (int i = 0; i < targets.Length; i++) values.AsSpan(i * width, width).CopyTo(vectors.AsSpan(targets[i] * width));
    }
}
