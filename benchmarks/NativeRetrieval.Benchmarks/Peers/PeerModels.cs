namespace NativeRetrieval.Benchmarks.Peers;

/// <summary>Models for a peer, written once into the cache folder.</summary>
internal static class PeerModels
{
    /// <summary>The path of the model, made by <paramref name="save"/> if it is not there.</summary>
    /// <param name="name">Unique for what the model computes.</param>
    public static string Get(string name, Action<string> save)
    {
        string path = Path.Combine(Checkout.Cache, name + ".onnx");
        if (!File.Exists(path)) save(path);
        return path;
    }
}
