using NativeRetrieval.PeerProtocol;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NativeRetrieval.TorchPeer;

/// <summary>The tensors of a workload by name.</summary>
internal sealed class TorchInputs
{
    readonly Dictionary<string, Tensor> _tensors = [];

    public Tensor this[string name] => _tensors.TryGetValue(name, out var tensor) ? tensor
        : throw new KeyNotFoundException($"no input is called {name}; given are {string.Join(", ", _tensors.Keys.Take(20))}");

    public IReadOnlyList<string> Names => [.. _tensors.Keys];

    public bool Has(string name) => _tensors.ContainsKey(name);

    /// <summary>An input of one integer.</summary>
    public int Number(string name) => (int)this[name].item<long>();

    /// <summary>An input of one number.</summary>
    public double Real(string name) => this[name].item<float>();

    public void Set(IEnumerable<PeerInput> inputs)
    {
        Clear();
        foreach (var input in inputs)
            _tensors.Add(input.Name,
                input.Values is long[] integers ? tensor(integers, input.Shape) : tensor((float[])input.Values, input.Shape));
    }

    /// <summary>Makes an input a parameter that is learned.</summary>
    public Parameter Learn(string name)
    {
        using var given = this[name];
        var parameter = new Parameter(given.clone());
        _tensors[name] = parameter;
        return parameter;
    }

    public void Clear()
    {
        foreach (var tensor in _tensors.Values) tensor.Dispose();
        _tensors.Clear();
    }
}

/// <summary>Parameters and buffers below a point of a model, by the rest of their names.</summary>
internal readonly record struct Weights(TorchInputs Inputs, string Prefix = "")
{
    public Tensor this[string name] => Inputs[Prefix + name];

    public bool Has(string name) => Inputs.Has(Prefix + name);

    public Weights Below(string name) => new(Inputs, Prefix + name + ".");

    public Tensor Linear(string name, Tensor x) => nn.functional.linear(x, this[name + ".weight"], this[name + ".bias"]);

    public Tensor LayerNorm(string name, Tensor x) =>
        nn.functional.layer_norm(x, [x.shape[^1]], this[name + ".weight"], this[name + ".bias"], 1e-12);
}
