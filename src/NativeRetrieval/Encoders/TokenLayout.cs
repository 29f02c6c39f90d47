using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;
using NativeRetrieval.Text;

namespace NativeRetrieval.Encoders;

/// <summary>
/// Places of the tokens of a batch. Only attention sees sentences, [B, S, D]; all else works on the real tokens alone, [T, D], because
/// captions differ in length and a padded batch is half padding. Both ways are row gathers, so gradients flow through them.
/// </summary>
internal sealed class TokenLayout
{
    readonly int _sentences, _width;
    readonly Tensor? _toPadded, _toPacked;

    public TokenLayout(SentenceInputs inputs)
    {
        (_sentences, _width) = (inputs.Sentences, inputs.Width);
        int rows = inputs.Rows, at = 0;
        Lengths = Next(_sentences);
        Ids = Next(rows);
        Positions = Next(rows);
        if (at == inputs.Places.Shape[0]) return;
        _toPadded = Next(_sentences * _width).Reshape([_sentences, _width]);
        _toPacked = Next(rows);

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
        int[] padded = new int[sentences * width], packed = new int[rows], ids = new int[rows], positions = new int[rows];
        for (int row = 0, token = 0; row < sentences; row++)
        {
            // Padding repeats the sentence's first token: attention gives it no weight, and what is computed for it is dropped.
            Array.Fill(padded, token, row * width, width);
            config.PlacePositions(batch.Row(row), positions.AsSpan(token, batch.Lengths[row]));
            for (int position = 0; position < batch.Lengths[row]; position++, token++)
            {
                (padded[row * width + position], packed[token]) = (token, row * width + position);
                ids[token] = batch.Ids[row * batch.Width + position];
            }
        }
        ids.AsSpan(tokens).Fill(ids[0]);
        positions.AsSpan(tokens).Fill(positions[0]);
        int[] places = tokens == rows && tokens == padded.Length ? [.. batch.Lengths, .. ids, .. positions]
            : [.. batch.Lengths, .. ids, .. positions, .. padded, .. packed];
        return new(Tensor.From(places, [places.Length], device), sentences, width, rows);
    }

    /// <summary>int32 [B], tokens of each sentence.</summary>
    public Tensor Lengths { get; }

    /// <summary>int32 [T], ids of the real tokens, sentence after sentence.</summary>
    public Tensor Ids { get; }

    /// <summary>int32 [T], row of the position table for each token.</summary>
    public Tensor Positions { get; }

    /// <summary>[T, D] as sentences [B, S, D]; rows of padding mean nothing.</summary>
    public Tensor Pad(Tensor x) => _toPadded is null ? x.Reshape([_sentences, _width, x.Shape[1]]) : Op.Embedding(x, _toPadded);

    /// <summary>The real tokens [T, D] of sentences [B, S, D].</summary>
    public Tensor Pack(Tensor x)
    {
        var rows = x.Reshape([_sentences * _width, x.Shape[2]]);
        return _toPacked is null ? rows : Op.Embedding(rows, _toPacked);
    }

    static int RoundUp(int count, int multiple) => (count + multiple - 1) / multiple * multiple;
}
