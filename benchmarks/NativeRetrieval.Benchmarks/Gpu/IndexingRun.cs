using System.Diagnostics;
using System.Globalization;
using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;
using NativeRetrieval.Parity;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>
/// Sound files to an index on disk, as <c>index</c> does it: decoded, resampled, embedded in windows without overlap and committed. Its
/// host half and its device half are timed alone, too, so that the one that the other waits for has a name.
/// </summary>
internal static class IndexingRun
{
    const int RateHz = 44_100, Batch = 32;

    public static string Shape(WorkloadSizes sizes) => $"{sizes.IndexedFiles} WAV files of {sizes.IndexedSeconds} s";

    public static PreparedRun Prepare(Device device, WorkloadSizes sizes)
    {
        var folder = new TemporaryFolder();
        string model = folder["model"], sounds = folder["sounds"];
        Directory.CreateDirectory(sounds);
        Directory.CreateDirectory(model);
        for (int file = 0; file < sizes.IndexedFiles; file++)
            WavFile.Write(Path.Combine(sounds, $"{file}.wav"), Noise(file, sizes.IndexedSeconds * RateHz), RateHz);
        // The text half takes no part; a small one is read faster.
        var config = sizes.Model with { TextEncoder = WorkloadSizes.Small.Bert, MaxTokens = WorkloadSizes.Small.Bert.MaxPositions };
        var tokenizer = new TextTokenizer(Vocabulary.FromCaptions(["a dog barks"]));
        using (var made = new RetrievalModel(config, tokenizer, CpuDevice.Shared, new PhiloxSequence(new Philox(1))))
            ModelFolder.Save(model, made.FillByFormula(), "made to be timed");
        var engine = RetrievalEngine.Open(model, device);
        double seconds = (double)sizes.IndexedFiles * sizes.IndexedSeconds, window = engine.Model.Config.MaxSeconds;
        int run = 0;
        var (hostMs, clips) = HostHalf(sounds, engine, window);
        double deviceMs = DeviceHalf(engine, clips);
        return new(Index, engine, folder)
        {
            Describe = ms => string.Create(CultureInfo.InvariantCulture,
                $"{seconds / 3.6 / ms:F2} h of sound per second; decoding and resampling alone {hostMs:F0} ms, "
                + $"model alone {deviceMs:F0} ms: {(hostMs > deviceMs ? "decoding" : "the model")} is the bottleneck"),
        };

        void Index()
        {
            using var index = LocalAudioIndex.Create(folder[$"index-{run++}"], engine.IndexSettings(window, window));
            var report = new AudioIndexer(engine, index).RunAsync([sounds]).GetAwaiter().GetResult();
            if (report.Files.Any(file => file.Outcome != FileOutcome.Embedded))
                throw new InvalidOperationException("a file was not embedded");
        }
    }

    static (double Ms, List<float[]> Clips) HostHalf(string sounds, RetrievalEngine engine, double windowSeconds)
    {
        int rate = engine.Model.Config.LogMel.SampleRateHz, samples = (int)Math.Round(windowSeconds * rate);
        List<float[]> clips = [];
        long start = Stopwatch.GetTimestamp();
        foreach (string path in Directory.GetFiles(sounds))
        {
            using var reader = WindowReader.Open(path, rate, samples, samples);
            while (reader.Read() is { } window) clips.Add(window.Samples);
        }
        return (Stopwatch.GetElapsedTime(start).TotalMilliseconds, clips);
    }

    /// <summary>The second of two runs: the first compiles kernels.</summary>
    static double DeviceHalf(RetrievalEngine engine, List<float[]> clips)
    {
        long start = 0;
        for (int i = 0; i < 2; i++)
        {
            start = Stopwatch.GetTimestamp();
            foreach (var batch in clips.Chunk(Batch)) Embedder.Waveforms(engine.Model, batch);
        }
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    static short[] Noise(int file, int samples)
    {
        var random = new PhiloxSequence(new Philox(2, (ulong)file));
        return [.. Enumerable.Range(0, samples).Select(_ => (short)(8000 * (2 * random.NextUniform() - 1)))];
    }
}
