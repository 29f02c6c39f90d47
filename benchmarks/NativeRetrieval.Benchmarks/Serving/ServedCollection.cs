using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Encoders;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;

namespace NativeRetrieval.Benchmarks.Serving;

/// <summary>
/// An index of random vectors with words, and a model with a real text encoder's shape and tokenizer: speed is that of real ones.
/// </summary>
internal static class ServedCollection
{
    public const int WindowsPerFile = 10, Dimension = 1024, FilesPerCommit = 1000;
    public const double WindowSeconds = 10;

    static readonly string[] _words = ["rain", "dog", "door", "thunder", "car", "birds", "footsteps", "bell", "wind", "water", "roof",
        "room"];

    /// <returns>The index's folder.</returns>
    public static async Task<string> MakeAsync(string folder, string textModel, int windows)
    {
        string model = Path.Combine(folder, "model"), to = Path.Combine(folder, "sounds.nrx");
        var text = BertFolder.ReadConfig(textModel);
        var config = new RetrievalModelConfig
        {
            AudioEncoder = new Cnn14Config { Channels = [8, 8, 8, 8, 16, 16] },
            TextEncoder = text,
            AudioHeadWidth = 64,
            TextHeadWidth = Dimension,
            EmbeddingDimension = Dimension,
            MaxSeconds = WindowSeconds,
        };
        Directory.CreateDirectory(model);
        using (var made = new RetrievalModel(config, BertFolder.ReadTokenizer(textModel, text), CpuDevice.Shared,
            new PhiloxSequence(new Philox(1))))
            ModelFolder.Save(model, made, "# random weights\n");
        using var engine = RetrievalEngine.Open(model, CpuDevice.Shared, ModelParts.Text);
        using var index = LocalAudioIndex.Create(to, engine.IndexSettings());
        var random = new Random(1);
        for (int first = 0; first < windows; first += FilesPerCommit * WindowsPerFile)
            await index.UpsertAsync([.. Enumerable.Range(0, Math.Min(FilesPerCommit, (windows - first) / WindowsPerFile))
                .Select(file => Entry(random, first / WindowsPerFile + file))]);
        var texts = index.TextsWithoutVectors();
        float[] vectors = engine.ReadTexts(texts).Encoded;
        int width = vectors.Length / texts.Count;
        await index.SetTextVectorsAsync(
            [.. texts.Select((named, i) => (named, (ReadOnlyMemory<float>)vectors.AsMemory(i * width, width)))]);
        await index.SetTextScaleAsync(new TextScale { Mean = 0.1, Deviation = 0.1, Agreement = 0.9, Files = index.Stats().Files });
        return to;
    }

    /// <summary>Entry <paramref name="number"/> of a made-up collection, ten windows of random vectors.</summary>
    /// <param name="described">True gives it every kind of detail that a filter asks for.</param>
    public static AudioIndexEntry Entry(Random random, int number, bool described = false)
    {
        string first = _words[random.Next(_words.Length)], second = _words[random.Next(_words.Length)];
        string path = $"/sounds/{number / 100:D4}/{first}_{second}_{number:D6}.wav";
        var file = new IndexedFile
        {
            Path = path,
            FullPath = path,
            ContentHash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(number))),
            SizeBytes = 1000,
            ModifiedUtc = DateTime.UnixEpoch,
        };
        return new AudioIndexEntry(file, [.. Enumerable.Range(0, WindowsPerFile).Select(window =>
            new AudioWindow(window * WindowSeconds, (window + 1) * WindowSeconds, Vector(random)))])
        {
            Details = described
                ? new SoundDetails
                {
                    DurationSeconds = WindowsPerFile * WindowSeconds - number % 50,
                    SampleRateHz = number % 3 == 0 ? 96_000 : 44_100,
                    Channels = 1 + number % 2,
                    Category = first,
                    Tags = [second],
                    AddedUtc = DateTime.UnixEpoch.AddMinutes(number),
                }
                : new SoundDetails { DurationSeconds = WindowsPerFile * WindowSeconds, SampleRateHz = 44_100, Channels = 2 },
        };
    }

    public static float[] Vector(Random random)
    {
        float[] values = new float[Dimension];
        for (int i = 0; i < values.Length; i++) values[i] = random.NextSingle() - 0.5f;
        return values;
    }
}
