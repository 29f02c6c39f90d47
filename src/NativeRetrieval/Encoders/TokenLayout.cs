using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
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

    public TokenLayout(TokenBatch batch, BertConfig config, Device device)
    {
        (_sentences, _width) = (batch.Count, batch.Width);
        int tokens = batch.Lengths.Sum();
        int[] padded = new int[batch.Ids.Length], packed = new int[tokens], ids = new int[tokens], positions = new int[tokens];
        for (int row = 0, token = 0; row < _sentences; row++)
        {
            // Padding repeats the sentence's first token: attention gives it no weight, and what is computed for it is dropped.
            Array.Fill(padded, token, row * _width, _width);
            config.PlacePositions(batch.Row(row), positions.AsSpan(token, batch.Lengths[row]));
            for (int position = 0; position < batch.Lengths[row]; position++, token++)
            {
                int place = row * _width + position;
                (padded[place], packed[token]) = (token, place);
                ids[token] = batch.Ids[place];
            }
        }
        Lengths = Tensor.From(batch.Lengths, [_sentences], device);
        Ids = Tensor.From(ids, [tokens], device);
        Positions = Tensor.From(positions, [tokens], device);
        if (tokens == batch.Ids.Length) return;
        _toPadded = Tensor.From(padded, [_sentences, _width], device);
        _toPacked = Tensor.From(packed, [tokens], device);
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
}
