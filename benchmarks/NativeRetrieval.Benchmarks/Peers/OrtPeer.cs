using System.Diagnostics;
using System.Text.Json.Nodes;
using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Benchmarks.Peers;

/// <summary>
/// ONNX Runtime in a process of its own (<c>benchmarks/peers/ort.js</c>), one model at a time: its threads and its memory stay out of ours,
/// and its times are taken by its own clock around the run call alone.
/// </summary>
internal sealed class OrtPeer : IDisposable
{
    readonly Process _process;
    readonly string _inputs = Directory.CreateDirectory(Path.Combine(Checkout.Cache, $"inputs-{Environment.ProcessId}")).FullName;

    OrtPeer(Process process) => _process = process;

    /// <summary>Starts the peer, or returns null and says why on standard error where it is not installed.</summary>
    public static OrtPeer? TryStart()
    {
        string folder = Path.Combine(Checkout.Benchmarks, "peers");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "onnxruntime-node")))
        {
            Console.Error.WriteLine(
                "ONNX Runtime is not installed: run `npm ci --ignore-scripts` in benchmarks/peers. Continuing without it.");
            return null;
        }
        var start = new ProcessStartInfo("node", ["ort.js"])
            { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true };
        // Settings for one BLAS library and one machine must not leak into a comparison.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("OPENBLAS_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        return new OrtPeer(Process.Start(start)!);
    }

    /// <summary>Peak resident memory of the peer's process since it started, after the last run.</summary>
    public double PeakMiB { get; private set; }

    /// <summary>The first 8,192 values of the last run's first output.</summary>
    public float[] Output { get; private set; } = [];

    /// <summary>Opens a model with all graph optimisations and as many threads as we use, and feeds it once.</summary>
    public Contender Open(string modelPath, params PeerInput[] inputs)
    {
        Ask(new JsonObject { ["load"] = modelPath, ["threads"] = CpuDevice.Threads });
        Run(new JsonArray([.. inputs.Select(Describe)]));
        return new Contender("ONNX Runtime", () => Run(null));
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(5000)) _process.Kill();
        _process.Dispose();
        Directory.Delete(_inputs, recursive: true);
    }

    double Run(JsonArray? inputs)
    {
        var answer = Ask(new JsonObject { ["run"] = 1, ["inputs"] = inputs });
        Output = [.. answer["output"]!.AsArray().Select(value => (float)value!)];
        PeakMiB = (double)answer["peakMiB"]!;
        return (double)answer["ms"]![0]!;
    }

    JsonObject Describe(PeerInput input)
    {
        string file = Path.Combine(_inputs, input.Name);
        File.WriteAllBytes(file, input.Bytes);
        return new JsonObject
        {
            ["name"] = input.Name,
            ["type"] = input.Type,
            ["shape"] = new JsonArray([.. input.Shape.Select(size => (JsonNode)size)]),
            ["file"] = file,
        };
    }

    JsonNode Ask(JsonObject request)
    {
        _process.StandardInput.WriteLine(request.ToJsonString());
        _process.StandardInput.Flush();
        string line = _process.StandardOutput.ReadLine()
            ?? throw new InvalidOperationException("the ONNX Runtime process ended; its message is above");
        var answer = JsonNode.Parse(line)!;
        return answer["error"] is { } error ? throw new InvalidOperationException($"ONNX Runtime: {error}") : answer;
    }
}
