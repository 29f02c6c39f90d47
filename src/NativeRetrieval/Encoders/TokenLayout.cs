using System.Buffers;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;
using NativeRetrieval.Text;

namespace NativeRetrieval.Encoders;

/// <summary>
/// Places of the tokens of a batch. Layers work on the real tokens alone, [T, D], because captions differ in length and a padded batch is
/// half padding; only pooling sees sentences, [B, S, D].
/// </summary>
internal readonly struct TokenLayout
{
    readonly int _sentences;
    readonly Tensor? _toPadded;

    public TokenLayout(SentenceInputs inputs)
    {
        (_sentences, Longest) = (inputs.Sentences, inputs.Width);
        int rows = inputs.Rows, at = 0;
        Lengths = Next(_sentences);
        Starts = Next(_sentences + 1);
        Ids = Next(rows);
        Positions = Next(rows);
        if (at < inputs.Places.Shape[0]) _toPadded = Next(_sentences * Longest).Reshape([_sentences, Longest]);

        Tensor Next(int count)
        {
            at += count;
            return inputs.Places.Rows(at - count, count);
        }
    }

    /// <summary>
    /// The places of a batch's tokens on a device. Rows are filled up to the device's multiple and sentences to
    /// <paramref name="widthMultiple"/> tokens, so that few sizes are met: rows that fill up repeat the first token, no sentence takes
    /// them and their gradient is 0.
    /// </summary>
    public static SentenceInputs Place(TokenBatch batch, BertConfig config, Device device, int widthMultiple)
    {
        int sentences = batch.Count, width = RoundUp(batch.Width, widthMultiple), tokens = batch.Lengths.Sum();
        int rows = RoundUp(tokens, device.RowMultiple);
        bool isFull = tokens == rows && tokens == sentences * width;
        int count = sentences + sentences + 1 + rows + rows + (isFull ? 0 : sentences * width);
        int[] pooled = ArrayPool<int>.Shared.Rent(count);
        var places = pooled.AsSpan(0, count);
        batch.Lengths.CopyTo(places);
        Span<int> starts = places[sentences..][..(sentences + 1)], ids = places[(2 * sentences + 1)..][..rows];
        Span<int> positions = places[(2 * sentences + 1 + rows)..][..rows], padded = places[(2 * sentences + 1 + 2 * rows)..];
        starts[0] = 0;
        for (int row = 0, token = 0; row < sentences; row++)
        {
            // Padding repeats the sentence's first token: pooling does not look at it.
            if (!isFull) padded.Slice(row * width, width).Fill(token);
            config.PlacePositions(batch.Row(row), positions.Slice(token, batch.Lengths[row]));
            for (int position = 0; position < batch.Lengths[row]; position++, token++)
            {
                if (!isFull) padded[row * width + position] = token;
                ids[token] = batch.Ids[row * batch.Width + position];
            }
            starts[row + 1] = token;
        }
        ids[tokens..].Fill(ids[0]);
        positions[tokens..].Fill(positions[0]);
        var tensor = Tensor.From<int>(places, [count], device);
        ArrayPool<int>.Shared.Return(pooled);
        return new(tensor, sentences, width, rows);
    }

    /// <summary>int32 [B], tokens of each sentence.</summary>
    public Tensor Lengths { get; }

    /// <summary>S, places of a sentence: the tokens of the longest or more.</summary>
    public int Longest { get; }

    /// <summary>int32 [B + 1], the first row of each sentence in [T, D], and the end of the last.</summary>
    public Tensor Starts { get; }

    /// <summary>int32 [T], ids of the real tokens, sentence after sentence.</summary>
    public Tensor Ids { get; }

    /// <summary>int32 [T], row of the position table for each token.</summary>
    public Tensor Positions { get; }

    /// <summary>[T, D] as sentences [B, S, D] by a gather of rows; those of padding mean nothing.</summary>
    public Tensor Pad(Tensor x) => _toPadded is null ? x.Reshape([_sentences, Longest, x.Shape[1]]) : Op.Embedding(x, _toPadded);

    /// <summary>The rows of [T, D] that are each sentence's first token, [B, D].</summary>
    public Tensor First(Tensor x) => Op.Embedding(x, Starts.Rows(0, _sentences));

    static int RoundUp(int count, int multiple) => (count + multiple - 1) / multiple * multiple;
}
