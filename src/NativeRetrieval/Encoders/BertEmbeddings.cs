using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Layers;

namespace NativeRetrieval.Encoders;

/// <summary>Word, segment and position vectors, added and normalised; the result has the device's type of activations.</summary>
internal sealed class BertEmbeddings : Module
{
    readonly Embedding _words, _positions, _segments;
    readonly LayerNorm _norm;
    readonly double _dropout;

    public BertEmbeddings(BertConfig config, Device device, DType dtype, PhiloxSequence? random)
    {
        _dropout = config.Dropout;
        _words = Child("word_embeddings", Table(config.VocabularySize, config.PaddingId));
        _positions = Child("position_embeddings", Table(config.MaxPositions, config.PaddingPosition));
        _segments = Child("token_type_embeddings", Table(config.Segments));
        _norm = Child("LayerNorm", new LayerNorm(config.Width, config.LayerNormEpsilon, device, dtype));

        Embedding Table(int rows, int? paddingId = null) =>
            new(rows, config.Width, config.InitialDeviation, device, dtype, random, paddingId);
    }

    public Device Device => _words.Weight.Device;

    /// <returns>[T, D], a row per real token.</returns>
    public Tensor Forward(TokenLayout tokens, TrainingPass? pass)
    {
        using var scope = TensorScope.Begin();
        var x = _words.Forward(tokens.Ids);
        x = Op.Add(x, _segments.Forward(Tensor.Zeros([x.Shape[0]], Device, DType.Int32)));
        x = Activations.Enter(_norm.Forward(x, _positions.Forward(tokens.Positions), dropout: 0, pass: null));
        if (pass is not null) x = Op.Dropout(x, _dropout, pass.NextTokenStream(x.Shape[1]));
        return scope.Return(x);
    }
}
