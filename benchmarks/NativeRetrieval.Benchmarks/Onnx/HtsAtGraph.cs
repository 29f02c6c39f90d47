using NativeRetrieval.Encoders;
using NativeRetrieval.Parity;

namespace NativeRetrieval.Benchmarks.Onnx;

/// <summary>
/// HTSAT-tiny (Chen et al. 2022) as LAION's CLAP has it: log-mel of one clip, [1, 1, frames, 64], to [1, 768]. Windows are made by reshaping
/// and transposing, shifts by slices, as an export of the original has them; what can be fused is left to the peer's optimiser.
/// </summary>
internal sealed class HtsAtGraph
{
    static readonly HtsAtConfig _config = new();

    readonly OnnxGraph _graph = new("htsat");
    int _shapes;

    public static void Save(string path, int frames) => new HtsAtGraph().Build(path, frames);

    void Build(string path, int frames)
    {
        int side = _config.ImageSize, bins = _config.MelBins, chunks = side / bins, grid = side / _config.PatchSize, patch = _config.PatchSize;
        string x = _graph.Input("mel", integers: false, 1, 1, frames, bins);
        x = Transpose(x, 0, 3, 2, 1);
        string[] parts = ["bn0.weight", "bn0.bias", "bn0.running_mean", "bn0.running_var"];
        x = Transpose(_graph.Node("BatchNormalization", [x, .. parts.Select(part => Weight(part, bins))], ("epsilon", 1e-5f)), 0, 3, 2, 1);
        x = _graph.Node("Resize", [x, "", "", _graph.Constant("frames", 1L, 1L, side * chunks, bins)], ("mode", "cubic"),
            ("coordinate_transformation_mode", "align_corners"), ("cubic_coeff_a", -0.75f));
        x = Reshape(Transpose(Reshape(x, 1, chunks, side, bins), 0, 1, 3, 2), 1, 1, side, side);
        x = _graph.Node("Conv", [x, Weight("patch_embed.proj.weight", _config.PatchWidth, 1, patch, patch),
            Weight("patch_embed.proj.bias", _config.PatchWidth)],
            ("kernel_shape", new long[] { patch, patch }), ("strides", new long[] { patch, patch }));
        x = Norm(Transpose(Reshape(x, 1, _config.PatchWidth, grid * grid), 0, 2, 1), "patch_embed.norm", _config.PatchWidth);
        for (int layer = 0, width = _config.PatchWidth; layer < _config.Depths.Count; layer++, grid /= 2, width *= 2)
        {
            for (int block = 0; block < _config.Depths[layer]; block++)
                x = Block(x, $"layers.{layer}.blocks.{block}", grid, width, _config.Heads[layer],
                    shift: block % 2 == 1 && grid > _config.Window ? _config.Window / 2 : 0);
            if (layer == _config.Depths.Count - 1) break;
            x = Transpose(Reshape(x, grid / 2, 2, grid / 2, 2, width), 0, 2, 3, 1, 4);
            x = Norm(Reshape(x, 1, grid * grid / 4, 4 * width), $"layers.{layer}.downsample.norm", 4 * width);
            x = Product(x, $"layers.{layer}.downsample.reduction", 4 * width, 2 * width, bias: false);
        }
        x = Norm(x, "norm", _config.Width);
        _graph.Output(_graph.Named("embedding", "ReduceMean", [x], ("axes", new long[] { 1 }), ("keepdims", 0L)), 1, _config.Width);
        _graph.Save(path);
    }

    string Block(string x, string name, int grid, int width, int heads, int shift)
    {
        int window = _config.Window, across = grid / window, windows = across * across, tokens = window * window, depth = width / heads;
        string y = Reshape(Norm(x, $"{name}.norm1", width), 1, grid, grid, width);
        if (shift > 0) y = Roll(Roll(y, 1, grid, shift), 2, grid, shift);
        y = Reshape(Transpose(Reshape(y, across, window, across, window, width), 0, 2, 1, 3, 4), windows, tokens, width);
        y = Reshape(Product(y, $"{name}.attn.qkv", width, 3 * width), windows, tokens, 3, heads, depth);
        string[] split = [$"{name}.q", $"{name}.k", $"{name}.v"];
        _graph.Several(split, "Split", [Transpose(y, 2, 0, 3, 1, 4)], ("axis", 0L));
        string[] qkv = [.. split.Select(part => Reshape(part, windows, heads, tokens, depth))];
        string q = _graph.Node("Mul", [qkv[0], _graph.Constant($"{name}.scale", [1 / MathF.Sqrt(depth)])]);
        string scores = _graph.Node("MatMul", [q, Transpose(qkv[1], 0, 1, 3, 2)]);
        scores = _graph.Node("Add", [scores, Biases(name, heads)]);
        if (shift > 0) scores = _graph.Node("Add", [scores, Mask(name, across, shift)]);
        y = _graph.Node("MatMul", [_graph.Node("Softmax", [scores], ("axis", -1L)), qkv[2]]);
        y = Product(Reshape(Transpose(y, 0, 2, 1, 3), windows, tokens, width), $"{name}.attn.proj", width, width);
        y = Reshape(Transpose(Reshape(y, across, across, window, window, width), 0, 2, 1, 3, 4), 1, grid, grid, width);
        if (shift > 0) y = Roll(Roll(y, 1, grid, grid - shift), 2, grid, grid - shift);
        x = _graph.Node("Add", [x, Reshape(y, 1, grid * grid, width)]);
        int hidden = (int)(_config.MlpRatio * width);
        y = Product(Norm(x, $"{name}.norm2", width), $"{name}.mlp.fc1", width, hidden);
        string erf = _graph.Node("Erf", [_graph.Node("Div", [y, _graph.Constant($"{name}.root", [MathF.Sqrt(2)])])]);
        string twice = _graph.Node("Mul", [y, _graph.Node("Add", [erf, _graph.Constant($"{name}.one", [1f])])]);
        y = Product(_graph.Node("Mul", [twice, _graph.Constant($"{name}.half", [0.5f])]), $"{name}.mlp.fc2", hidden, width);
        return _graph.Node("Add", [x, y]);
    }

    string Biases(string name, int heads)
    {
        int window = _config.Window, places = 2 * window - 1, tokens = window * window;
        float[] table = FormulaWeights.Of($"{name}.attn.relative_position_bias_table", places * places, heads);
        var biases = new float[heads * tokens * tokens];
        for (int i = 0; i < biases.Length; i++)
        {
            int head = i / (tokens * tokens), query = i / tokens % tokens, key = i % tokens;
            int down = query / window - key / window + window - 1, right = query % window - key % window + window - 1;
            biases[i] = table[(down * places + right) * heads + head];
        }
        return _graph.Constant($"{name}.biases", biases, 1, heads, tokens, tokens);
    }

    string Mask(string name, int across, int shift)
    {
        int window = _config.Window, tokens = window * window;
        var mask = new float[across * across * tokens * tokens];
        for (int i = 0; i < mask.Length; i++)
        {
            int row = i / (tokens * tokens) / across, column = i / (tokens * tokens) % across, query = i / tokens % tokens, key = i % tokens;
            bool apart = (row == across - 1 && (query / window < window - shift) != (key / window < window - shift))
                || (column == across - 1 && (query % window < window - shift) != (key % window < window - shift));
            mask[i] = apart ? -100 : 0;
        }
        return _graph.Constant($"{name}.mask", mask, across * across, 1, tokens, tokens);
    }

    string Roll(string x, int axis, int length, int shift)
    {
        string Part(int start, int end) => _graph.Node("Slice", [x, Numbers(start), Numbers(end), Numbers(axis)]);
        return _graph.Node("Concat", [Part(shift, length), Part(0, shift)], ("axis", (long)axis));
    }

    string Product(string x, string name, int inputs, int outputs, bool bias = true)
    {
        float[] weight = FormulaWeights.Of($"{name}.weight", outputs, inputs), transposed = new float[weight.Length];
        for (int i = 0; i < weight.Length; i++) transposed[i % inputs * outputs + i / inputs] = weight[i];
        x = _graph.Node("MatMul", [x, _graph.Constant($"{name}.weight", transposed, inputs, outputs)]);
        return bias ? _graph.Node("Add", [x, Weight($"{name}.bias", outputs)]) : x;
    }

    string Norm(string x, string name, int width) => _graph.Node("LayerNormalization",
        [x, Weight($"{name}.weight", width), Weight($"{name}.bias", width)], ("axis", -1L), ("epsilon", 1e-5f));

    string Weight(string name, params int[] shape) => _graph.Constant(name, FormulaWeights.Of(name, shape), shape);

    string Transpose(string x, params long[] order) => _graph.Node("Transpose", [x], ("perm", order));

    string Reshape(string x, params int[] shape) => _graph.Node("Reshape", [x, Numbers(shape)]);

    string Numbers(params int[] values) => _graph.Constant($"numbers_{_shapes++}", [.. values.Select(value => (long)value)]);
}
