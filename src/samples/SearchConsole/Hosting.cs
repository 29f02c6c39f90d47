using NativeRetrieval.Core.Devices;
using NativeRetrieval.Cuda;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;

namespace SearchConsole;

/// <summary>Parts of a host that the READMEs quote: vectors for a store of its own, and a GPU.</summary>
internal static class Hosting
{
    /// <summary>Unit vectors of sentences and of a recording's windows, for a database of the host's.</summary>
    public static void Vectors(string modelFolder, string recording)
    {
        // <vectors>
        using var engine = RetrievalEngine.Open(modelFolder, CpuDevice.Shared);
        float[] sentences = engine.EmbedTexts(["a dog is barking", "rain on a window"]);    // [2, D], row-major, unit length
        foreach (var window in engine.EmbedFile(recording, windowSeconds: 10, hopSeconds: 5))
            Console.WriteLine($"{window.StartSeconds:F1}-{window.EndSeconds:F1} s: {window.Vector.Length} values");
        // </vectors>
        Console.WriteLine($"{sentences.Length} values of two sentences");
    }

    /// <summary>A search on the first GPU, which keeps a copy of the index's vectors.</summary>
    public static async Task SearchOnGpuAsync(string modelFolder, string indexFolder, string sentence)
    {
        // <gpu>
        using var gpu = CudaDevice.Open(0);
        using var engine = RetrievalEngine.Open(modelFolder, gpu);
        using var sounds = LocalAudioIndex.Open(indexFolder, IndexAccess.Read, engine.Fingerprint, gpu);
        var hits = await engine.SearchAsync(sounds, sentence);
        // </gpu>
        Console.WriteLine($"{hits.Count} hits");
    }
}
