using NAudio.Wave;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Runtime;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.NAudio;

namespace SearchConsole;

/// <summary>
/// Parts of a host that the READMEs quote: vectors for a store of its own, sound from NAudio, a GPU, a CUDA context that the host opened.
/// </summary>
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

    /// <summary>
    /// A recording that NAudio reads, mixes down and bounds, indexed under a name; then the best hit of a sentence as WAV.
    /// </summary>
    public static async Task IndexFromNAudioAsync(RetrievalEngine engine, LocalAudioIndex index, ISampleProvider source, string path,
        string sentence)
    {
        // <naudio>
        var minute = source.ToMono().Take(TimeSpan.FromMinutes(1));
        var settings = index.Settings;
        var windows = engine.EmbedStream(minute.ToAudioStream(path), path, settings.WindowSeconds, settings.HopSeconds);
        var file = FileStatus.Of(path);
        await index.UpsertAsync([new AudioIndexEntry(new IndexedFile
        {
            Path = path, FullPath = Path.GetFullPath(path), ContentHash = ContentHash.OfFile(path), SizeBytes = file.SizeBytes,
            ModifiedUtc = file.ModifiedUtc,
        }, windows)]);

        var hit = (await engine.SearchAsync(index, sentence))[0];
        AudioExcerpt.Write(hit.Path, hit.StartSeconds, hit.EndSeconds, AudioExcerpt.FileName(hit, hits: 1));
        // </naudio>
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

    /// <summary>The unit rows of a matrix that lies in the host's device memory, computed in its context and on its stream.</summary>
    public static void ComputeInHostContext(nint context, nint stream, nint matrix, int rows, int columns)
    {
        // <borrow>
        using var host = CudaContext.Borrow(context, ordinal: 0);     // a CUcontext
        using var gpu = CudaDevice.Borrow(host, stream);              // a CUstream of it
        using var step = TensorScope.Begin();
        var units = Op.L2Normalize(gpu.Wrap(matrix, [rows, columns]));  // a CUdeviceptr, float32, row-major
        nint result = gpu.AddressOf(units);                           // valid until the scope ends
        // </borrow>
        Console.WriteLine($"{result:x}");
        gpu.Synchronize();
    }
}
