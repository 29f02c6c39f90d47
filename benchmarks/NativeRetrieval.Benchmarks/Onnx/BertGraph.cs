using NativeRetrieval.Encoders;
using NativeRetrieval.Parity;

namespace NativeRetrieval.Benchmarks.Onnx;

/// <summary>
/// BERT-base (Devlin et al. 2019) on full sentences, ids [batch, tokens] to the first token's vector, [batch, 768]: queries, keys and
/// values as three products and GELU by the error function, as exports have them; fusing is left to the peer's optimiser.
/// </summary>
internal sealed class BertGraph
{
    static readonly BertConfig _config = new();

    readonly OnnxGraph _graph = new("bert");
    int _numbers;

    public static void Save(string path, int tokens) => new BertGraph().Build(path, tokens);

    void Build(string path, int tokens)
    {
        int width = _config.Width;
        string x = Rows("word_embeddings", _config.VocabularySize, _graph.Input("ids", integers: true, "batch", tokens));
        x = _graph.Node("Add", [x, Rows("token_type_embeddings", _config.Segments, Numbers(new long[tokens]))]);
        string places = Numbers([.. Enumerable.Range(0, tokens).Select(place => (long)place)]);
        x = _graph.Node("Add", [x, Rows("position_embeddings", _config.MaxPositions, places)]);
        x = Norm(x, "embeddings.LayerNorm");
        for (int layer = 0; layer < _config.Layers; layer++) x = Layer(x, $"encoder.layer.{layer}", tokens);
        string first = _graph.Node("Gather", [x, _graph.Constant("first", 0L)], ("axis", 1L));
        _graph.Output(_graph.Named("embedding", "Reshape", [first, Numbers([-1, width])]), "batch", width);
        _graph.Save(path);
    }

    string Layer(string x, string name, int tokens)
    {
        int width = _config.Width, depth = width / _config.Heads;
        string self = x;
        string Part(string part, params long[] order)
        {
            string y = Product(self, $"{name}.attention.self.{part}", width, width);
            return _graph.Node("Transpose", [_graph.Node("Reshape", [y, Numbers([-1, tokens, _config.Heads, depth])])], ("perm", order));
        }
        string scores = _graph.Node("MatMul", [Part("query", 0, 2, 1, 3), Part("key", 0, 2, 3, 1)]);
        scores = _graph.Node("Div", [scores, Number(MathF.Sqrt(depth))]);
        string y = _graph.Node("MatMul", [_graph.Node("Softmax", [scores], ("axis", -1L)), Part("value", 0, 2, 1, 3)]);
        y = _graph.Node("Reshape", [_graph.Node("Transpose", [y], ("perm", new long[] { 0, 2, 1, 3 })), Numbers([-1, tokens, width])]);
        y = Product(y, $"{name}.attention.output.dense", width, width);
        x = Norm(_graph.Node("Add", [y, x]), $"{name}.attention.output.LayerNorm");
        y = Product(x, $"{name}.intermediate.dense", width, _config.HiddenWidth);
        string erf = _graph.Node("Erf", [_graph.Node("Div", [y, Number(MathF.Sqrt(2))])]);
        string twice = _graph.Node("Mul", [y, _graph.Node("Add", [erf, Number(1)])]);
        y = Product(_graph.Node("Mul", [twice, Number(0.5f)]), $"{name}.output.dense", _config.HiddenWidth, width);
        return Norm(_graph.Node("Add", [y, x]), $"{name}.output.LayerNorm");
    }

    string Rows(string table, int rows, string ids) =>
        _graph.Node("Gather", [Weight($"embeddings.{table}.weight", rows, _config.Width), ids]);

    string Product(string x, string name, int inputs, int outputs)
    {
        float[] weight = FormulaWeights.Of($"{name}.weight", outputs, inputs), transposed = new float[weight.Length];
        for (int i = 0; i < weight.Length; i++) transposed[i % inputs * outputs + i / inputs] = weight[i];
        x = _graph.Node("MatMul", [x, _graph.Constant($"{name}.weight", transposed, inputs, outputs)]);
        return _graph.Node("Add", [x, Weight($"{name}.bias", outputs)]);
    }

    string Norm(string x, string name) => _graph.Node("LayerNormalization",
        [x, Weight($"{name}.weight", _config.Width), Weight($"{name}.bias", _config.Width)], ("axis", -1L),
        ("epsilon", (float)_config.LayerNormEpsilon));

    string Weight(string name, params int[] shape) => _graph.Constant(name, FormulaWeights.Of(name, shape), shape);

    string Number(float value) => _graph.Constant($"number_{_numbers++}", [value]);

    string Numbers(long[] values) => _graph.Constant($"numbers_{_numbers++}", values);
}
