using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Layers;

namespace NativeRetrieval.Encoders;

/// <summary>Word, segment and position vectors, added and normalised.</summary>
internal sealed class BertEmbeddings : Module
{
    readonly Embedding _words, _positions, _segments;
    readonly LayerNorm _norm;
    readonly double _dropout;

    public BertEmbeddings(BertConfig config, Device device, DType dtype, PhiloxSequence? random)
    {
        _dropout = config.Dropout;
        _words = Child("word_embeddings", Table(config.VocabularySize, config.PaddingId));
        _positions = Child("position_embeddings", Table(config.MaxPositions));
        _segments = Child("token_type_embeddings", Table(config.Segments));
        _norm = Child("LayerNorm", new LayerNorm(config.Width, config.LayerNormEpsilon, device, dtype));

        Embedding Table(int rows, int? paddingId = null) => new(rows, config.Width, config.InitialDeviation, device, dtype, random, paddingId);
    }

    public Device Device => _words.Weight.Device;

    /// <param name="ids">[B, S], row-major.</param>
    /// <returns>[B, S, D].</returns>
    public Tensor Forward(int[] ids, int sentences, int width, TrainingPass? pass)
    {
        using var scope = TensorScope.Begin();
        int[] positions = new int[ids.Length];
        for (int i = 0; i < positions.Length; i++) positions[i] = i % width;
        var x = _words.Forward(Tensor.From(ids, [sentences, width], Device));
        x = Op.Add(x, _segments.Forward(Tensor.From(new int[ids.Length], [sentences, width], Device)));
        x = Op.Add(x, _positions.Forward(Tensor.From(positions, [sentences, width], Device)));
        x = _norm.Forward(x);
        if (pass is not null) x = Op.Dropout(x, _dropout, pass.NextStream());
        return scope.Return(x);
    }
}
