using Microsoft.ML.OnnxRuntime;
using NativeRetrieval.PeerProtocol;

namespace NativeRetrieval.OrtPeer;

/// <summary>ONNX Runtime with all graph optimisations, one model at a time; a workload is the path of a model.</summary>
internal sealed class OrtSession : IPeer
{
    readonly RunOptions _options = new();
    readonly List<string> _names = [];
    readonly List<OrtValue> _inputs = [];
    InferenceSession? _session;
    IDisposableReadOnlyCollection<OrtValue>? _results;

    public string Name => $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}{(Avx2Library.IsAskedFor ? ", AVX2 alone" : "")}";

    public void Open(string workload, int threads)
    {
        Close();
        using var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
        };
        // Threads that spin after a run would slow whatever is timed next.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        options.AddSessionConfigEntry("session.inter_op.allow_spinning", "0");
        _session = new InferenceSession(workload, options);
    }

    public void Feed(IEnumerable<PeerInput> inputs)
    {
        Release(_inputs);
        _names.Clear();
        foreach (var input in inputs)
        {
            _names.Add(input.Name);
            _inputs.Add(input.Values is long[] integers
                ? OrtValue.CreateTensorValueFromMemory(integers, input.Shape)
                : OrtValue.CreateTensorValueFromMemory((float[])input.Values, input.Shape));
        }
    }

    public void Run()
    {
        var session = _session ?? throw new InvalidOperationException("no model is open");
        _results?.Dispose();
        _results = session.Run(_options, _names, _inputs, session.OutputNames);
    }

    /// <summary>The model's first output.</summary>
    public float[] Output() => _results is { Count: > 0 } results ? results[0].GetTensorDataAsSpan<float>().ToArray() : [];

    public void Dispose()
    {
        Close();
        _options.Dispose();
    }

    void Close()
    {
        _results?.Dispose();
        _results = null;
        Release(_inputs);
        _session?.Dispose();
        _session = null;
    }

    static void Release(List<OrtValue> values)
    {
        values.ForEach(value => value.Dispose());
        values.Clear();
    }
}
