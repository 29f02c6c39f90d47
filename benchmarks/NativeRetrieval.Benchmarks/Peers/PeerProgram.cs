namespace NativeRetrieval.Benchmarks.Peers;

/// <summary>A program that computes what we compute.</summary>
/// <param name="Key">Name on the command line.</param>
/// <param name="Project">The project under <c>benchmarks</c>, which is built when it is needed.</param>
/// <param name="TakesModels">True where a workload is an ONNX model; false where the program knows workloads by name.</param>
internal sealed record PeerProgram(string Key, string Project, bool TakesModels)
{
    public static PeerProgram OnnxRuntime { get; } = new("onnx", "NativeRetrieval.OrtPeer", TakesModels: true);

    public static PeerProgram Torch { get; } = new("torch", "NativeRetrieval.TorchPeer", TakesModels: false);

    public static IReadOnlyList<PeerProgram> All { get; } = [OnnxRuntime, Torch];

    public string ProjectFile => Path.Combine(Checkout.Benchmarks, Project, Project + ".csproj");

    public string OutputFolder => Path.Combine(Checkout.Benchmarks, Project, "bin", "Release", "net10.0");
}
