using NativeRetrieval.PeerProtocol;
using NativeRetrieval.TorchPeer.Workloads;
using static TorchSharp.torch;

namespace NativeRetrieval.TorchPeer;

/// <summary>PyTorch's eager mode behind names of workloads; weights are inputs.</summary>
internal sealed class TorchWorkloads : IPeer
{
    static readonly Dictionary<string, Func<TorchInputs, Func<Tensor[]>>> _known = new()
    {
        ["conv"] = Kernels.Convolutions,
        ["gemm"] = Kernels.Product,
        ["gemm-transposed-b"] = Kernels.ProductTransposedB,
        ["gemm-transposed-a"] = Kernels.ProductTransposedA,
        ["logmel"] = Kernels.LogMel,
        ["search"] = Kernels.Search,
        ["layer-norm"] = Kernels.LayerNorm,
        ["attention"] = Kernels.Attention,
        ["nt-xent"] = Kernels.NtXent,
        ["adam"] = Kernels.Adam,
        ["cnn14"] = inputs => () => [AudioEncoders.Cnn14(new(inputs), inputs["mel"], training: null)],
        ["resnet38"] = inputs => () => [AudioEncoders.ResNet38(new(inputs), inputs["mel"])],
        ["bert"] = inputs => () => [TextEncoder.Bert(new(inputs), inputs["ids"], inputs.Number("heads"), dropout: 0)],
        ["training-step"] = inputs => new TrainingStep(inputs).Run,
    };

    readonly TorchInputs _inputs = new();
    Func<TorchInputs, Func<Tensor[]>>? _prepare;
    Func<Tensor[]>? _run;
    Tensor[] _results = [];

    /// <summary>Loads LibTorch: where it cannot be loaded, this fails.</summary>
    public TorchWorkloads() => zeros(1).Dispose();

    public string Name => $"PyTorch {__version__} through TorchSharp";

    public void Open(string workload, int threads)
    {
        Release();
        _inputs.Clear();
        _run = null;
        // Optimizers' moments and clones of the workload before have no owner: their memory must not count for this one.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        if (get_num_threads() != threads) set_num_threads(threads);
        _prepare = _known.TryGetValue(workload, out var known) ? known : throw new ArgumentException(
            $"no workload is called {workload}; known are {string.Join(", ", _known.Keys)}");
    }

    public void Feed(IEnumerable<PeerInput> inputs)
    {
        _inputs.Set(inputs);
        _run = _prepare!(_inputs);
    }

    public void Run()
    {
        Release();
        using var scope = NewDisposeScope();
        _results = _run!();
        foreach (var result in _results) result.MoveToOuterDisposeScope();
    }

    /// <summary>All results one behind the other.</summary>
    public float[] Output() => [.. _results.SelectMany(result => result.detach().contiguous().data<float>().ToArray())];

    public void Dispose()
    {
        Release();
        _inputs.Clear();
    }

    void Release()
    {
        foreach (var result in _results) result.Dispose();
        _results = [];
    }
}
