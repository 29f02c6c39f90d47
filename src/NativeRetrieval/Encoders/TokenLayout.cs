using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Text;

namespace NativeRetrieval.Encoders;

/// <summary>
/// Places of the tokens of a batch. Layers work on the real tokens alone, [T, D], because captions differ in length and a padded batch is
/// half padding; only pooling sees sentences, [B, S, D].
/// </summary>
internal sealed class TokenLayout
{
    readonly int _sentences;
    readonly Tensor? _toPadded;

    public TokenLayout(TokenBatch batch, BertConfig config, Device device)
    {
        (_sentences, Longest) = (batch.Count, batch.Width);
        int tokens = batch.Lengths.Sum();
        int[] padded = new int[batch.Ids.Length], ids = new int[tokens], positions = new int[tokens], starts = new int[_sentences + 1];
        for (int row = 0, token = 0; row < _sentences; row++)
        {
            // Padding repeats the sentence's first token: pooling does not look at it.
            Array.Fill(padded, token, row * Longest, Longest);
            config.PlacePositions(batch.Row(row), positions.AsSpan(token, batch.Lengths[row]));
            for (int position = 0; position < batch.Lengths[row]; position++, token++)
            {
                int place = row * Longest + position;
                padded[place] = token;
                ids[token] = batch.Ids[place];
            }
            starts[row + 1] = token;
        }
        Lengths = Tensor.From(batch.Lengths, [_sentences], device);
        Ids = Tensor.From(ids, [tokens], device);
        Positions = Tensor.From(positions, [tokens], device);
        Starts = Tensor.From(starts, [_sentences + 1], device);
        if (tokens == batch.Ids.Length) return;
        _toPadded = Tensor.From(padded, [_sentences, Longest], device);
    }

    /// <summary>int32 [B], tokens of each sentence.</summary>
    public Tensor Lengths { get; }

    /// <summary>S, tokens of the longest sentence.</summary>
    public int Longest { get; }

    /// <summary>int32 [B + 1], the first row of each sentence in [T, D], and T.</summary>
    public Tensor Starts { get; }

    /// <summary>int32 [T], ids of the real tokens, sentence after sentence.</summary>
    public Tensor Ids { get; }

    /// <summary>int32 [T], row of the position table for each token.</summary>
    public Tensor Positions { get; }

    /// <summary>[T, D] as sentences [B, S, D] by a gather of rows; those of padding mean nothing.</summary>
    public Tensor Pad(Tensor x) => _toPadded is null ? x.Reshape([_sentences, Longest, x.Shape[1]]) : Op.Embedding(x, _toPadded);
}
