using System.Text;
using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Audio.Metadata;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Indexing;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Settings;
using NativeRetrieval.WeightsConvert.Catalogue;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.Fuzz.Tests;

/// <summary>Every kind of file that a user may have from someone else.</summary>
public static class FuzzKinds
{
    const string ModelSums = "SHA256SUMS";
    const int Dimension = 8;

    static readonly string[] _json = ["[", "{", "]", "}", "\"", ",", ":", "null", "-1", "1e999", "99999999999999999999", "0",
        "\"\\ud800\"", "\0"];

    static readonly string[] _yaml = ["[", "{", ": ", "- ", "&a ", "*a", "!!int ", "? ", "|\n", "\t", "---\n", "1e999", "-1", "\0", "# "];

    static readonly string[] _table = [",", "\"", "\n", "\r\n", ";", "\t", "\0", "\"\"", "../", "\u202e"];

    public static IReadOnlyList<FuzzKind> All { get; } = Make();

    static FuzzKind[] Make()
    {
        // No ffmpeg: a mutant must not cost a process.
        Environment.SetEnvironmentVariable("PATH", "");
        using var folder = new TemporaryFolder();
        var model = Model(folder["model"]);
        var wav = Wav(folder["a.wav"]);
        (string, byte[])[] sounds = [("a.wav", wav.Bytes), ("b.wav", wav.Bytes)];
        return
        [
            new("checkpoint", [.. Committed("checkpoints/good", ".pth", ".safetensors")], ReadCheckpoint, []),
            new("audio", [.. Committed("sounds", ".mp3", ".mp2", ".ogg", ".opus", ".flac"), Alone("mpeg.wav",
                WavFile.OfMpeg(File.ReadAllBytes(Fixtures.Small("sounds/lame-stereo.mp3")))), wav], ReadSound, []),
            new("tags", [.. Tagged(), .. Committed("sounds", ".mp3", ".ogg", ".opus", ".flac")], ReadTags, []),
            new("tokenizer", [.. Of(model, "tokenizer.json", "vocab.txt", "tokenizer_config.json")], ReadModel, _json),
            new("config.json", [.. Of(model, "config.json", "preprocessor_config.json", "preprocessor.json")], ReadModel, _json),
            new("csv",
                [
                    new("captions.csv",
                        Utf8("file_name,caption_1,caption_2\na.wav,\"rain, and wind\",a dog\nb.wav,birds,a siren\n"), sounds),
                    new("captions.json", Utf8("[{\"file_name\": \"a.wav\", \"caption\": \"rain\"}]"), sounds),
                ],
                path => CaptionCsv.Read(path, Path.GetDirectoryName(path)!), _table),
            new("yaml", [Alone("settings.yaml", Utf8(SettingsWriter.ToYaml(SettingsLoader.Load(null, []))))],
                path => SettingsLoader.ReadRun(path), _yaml),
            new("SHA256SUMS", [Sums(model)], path => ChecksumList.Verify(Path.GetDirectoryName(path)!), _table),
            new("catalogue.json", [Alone("catalogue.json", Catalogue())], path => ModelCatalogue.Parse(File.ReadAllBytes(path)), _json),
            new("index", [.. Index(folder["i.nrx"])], ReadIndex, []),
        ];
    }

    static FuzzSeed[] Tagged()
    {
        byte[] ixml = Utf8("<BWFXML><USER><FXNAME>Squeak</FXNAME><KEYWORDS>a, b</KEYWORDS></USER><NOTE><![CDATA[x]]></NOTE></BWFXML>");
        byte[] id3 = TaggedSounds.Id3(4, ("TIT2", [3, .. "Squeak"u8]), ("COMM", [0, .. "eng\0Old door"u8]), ("TXXX", [0,
            .. "CATID\0DOORWood"u8]));
        byte[] comments = TaggedSounds.Comments("TITLE=Squeak", "KEYWORDS=door", "DESCRIPTION=old");
        return
        [
            Alone("library.wav", TaggedSounds.Wav(("bext", TaggedSounds.Bext("Old door", "Ann")), ("iXML", ixml),
                ("LIST", TaggedSounds.Info(("INAM", "Squeak"), ("ICMT", "old"))), ("id3 ", id3))),
            Alone("id3.mp3", [.. id3, .. TaggedSounds.Id3(2, ("TT2", [0, .. "Squeak"u8])), .. TaggedSounds.Id3v1("Squeak", "House")]),
            Alone("tagged.flac", TaggedSounds.Flac(comments)), Alone("tagged.ogg", TaggedSounds.OggVorbis(comments)),
            Alone("tagged.aiff", TaggedSounds.Aiff(("NAME", "Squeak"), ("ANNO", "old"))),
        ];
    }

    static void ReadCheckpoint(string path)
    {
        using var checkpoint = CheckpointFile.Open(path);
        foreach (var tensor in checkpoint.Tensors)
            if (tensor.LengthBytes <= 1 << 18) checkpoint.CopyTo(tensor, Stream.Null);
    }

    static void ReadSound(string path)
    {
        using var stream = AudioDecoder.Open(path);
        var block = new float[Math.Max(stream.Channels, 8192 / stream.Channels * stream.Channels)];
        while (stream.Read(block) > 0)
        {
        }
    }

    /// <summary>Damaged tags are no error: they are noted, which counts as refused here.</summary>
    static void ReadTags(string path)
    {
        if (SoundTags.Read(path).Notes is [var note, ..]) throw new CorruptFileException(path, note);
    }

    static void ReadModel(string path)
    {
        using var engine = RetrievalEngine.Open(Path.GetDirectoryName(path)!, CpuDevice.Shared);
        engine.Model.Tokenize(["a dog is barking"]);
    }

    static void ReadIndex(string path)
    {
        using var index = LocalAudioIndex.Open(Path.GetDirectoryName(path)!, IndexAccess.Read);
        index.Verify();
        index.SearchAsync(Vector(1)).GetAwaiter().GetResult();
        index.SearchAsync(new LibraryIndexQuery { Vector = Vector(1), Words = ["door"],
            WithoutWords = [["rain"]] }).GetAwaiter().GetResult();
    }

    static (string Name, byte[] Bytes)[] Model(string folder)
    {
        TinyModel.Write(folder);
        return Content(folder);
    }

    static IEnumerable<FuzzSeed> Index(string folder)
    {
        var settings = new IndexSettings
        {
            ModelId = "tiny", ModelFingerprint = new string('a', 64), Dimension = Dimension, WindowSeconds = 10, HopSeconds = 5,
        };
        using (var index = LocalAudioIndex.EnsureCollectionExists(folder, settings))
            for (int file = 0; file < 4; file++) index.UpsertAsync(Entry(file)).GetAwaiter().GetResult();
        var files = Content(folder);
        return files.Where(file => file.Bytes.Length > 0).Select(file => new FuzzSeed(file.Name, file.Bytes, Without(files, file.Name)));
    }

    static AudioIndexEntry Entry(int number) => new(new IndexedFile
    {
        Path = $"{number}.wav",
        FullPath = Path.GetFullPath($"/library/{number}.wav"),
        ContentHash = $"{number:x64}",
        SizeBytes = 100,
        ModifiedUtc = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc),
    }, [.. Enumerable.Range(0, 3).Select(window =>
        new AudioWindow(5 * window, 5 * window + 10, Vector(number + 7 * window)))])
    {
        Details = new SoundDetails { DurationSeconds = 20, Title = "a door", Tags = ["near", "wood"], Description = "rain on a roof" },
    };

    static float[] Vector(int seed) => [.. Enumerable.Range(0, Dimension).Select(i => MathF.Sin(seed + i))];

    /// <summary>Files of a model folder without its checksums, which would tell every mutant.</summary>
    static IEnumerable<FuzzSeed> Of((string Name, byte[] Bytes)[] model, params string[] names) =>
        model.Where(file => names.Contains(file.Name))
            .Select(file => new FuzzSeed(file.Name, file.Bytes, Without(model, file.Name, ModelSums)));

    static FuzzSeed Sums((string Name, byte[] Bytes)[] model) =>
        new(ModelSums, model.Single(file => file.Name == ModelSums).Bytes, Without(model, ModelSums));

    static IEnumerable<FuzzSeed> Committed(string folder, params string[] endings) => Directory.GetFiles(Fixtures.Small(folder))
        .Where(path => endings.Contains(Path.GetExtension(path))).Order(StringComparer.Ordinal)
        .Select(path => Alone(Path.GetFileName(path), File.ReadAllBytes(path)));

    static FuzzSeed Wav(string path)
    {
        WavFile.Write(path, 0.1, 440);
        return Alone("a.wav", File.ReadAllBytes(path));
    }

    static byte[] Catalogue() => File.ReadAllBytes(Path.Combine(Fixtures.RepositoryRoot,
        "weights-convert/NativeRetrieval.WeightsConvert/Catalogue/catalogue.json"));

    static (string Name, byte[] Bytes)[] Content(string folder) => [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal).Select(path => (Path.GetRelativePath(folder, path), File.ReadAllBytes(path)))];

    static (string, byte[])[] Without((string Name, byte[] Bytes)[] files, params string[] names) =>
        [.. files.Where(file => !names.Contains(file.Name))];

    static FuzzSeed Alone(string name, byte[] bytes) => new(name, bytes, []);

    static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
