using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Encoders;
using NativeRetrieval.Engine;
using NativeRetrieval.Models;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;

namespace NativeRetrieval.Hosting.Tests;

/// <summary>A model of random weights with windows of two seconds, in a folder called <c>tiny</c>, and its engine.</summary>
public sealed class TinyModel : IDisposable
{
    public const int Dimension = 8, MaxTokens = 12;
    public const double WindowSeconds = 2;

    readonly TemporaryFolder _folder = new();

    public TinyModel()
    {
        Write(Folder, seed: 1);
        Engine = RetrievalEngine.Open(Folder, CpuDevice.Shared);
    }

    public string this[string path] => _folder[path];

    public string Folder => _folder["tiny"];

    public RetrievalEngine Engine { get; }

    public static void Write(string folder, ulong seed)
    {
        var tokenizer = new TextTokenizer(Vocabulary.FromCaptions(["a dog is barking", "rain falls", "a sound"]));
        var config = new RetrievalModelConfig
        {
            AudioEncoder = new Cnn14Config { Channels = [8, 8, 8, 8, 16, 16] },
            TextEncoder = new BertConfig
            {
                VocabularySize = tokenizer.Vocabulary.Size, Width = 16, Layers = 1, Heads = 2, HiddenWidth = 32, MaxPositions = 32,
            },
            AudioHeadWidth = 16,
            TextHeadWidth = 16,
            EmbeddingDimension = Dimension,
            MaxTokens = MaxTokens,
            MaxSeconds = WindowSeconds,
        };
        using var model = new RetrievalModel(config, tokenizer, CpuDevice.Shared, new PhiloxSequence(new Philox(seed)));
        Directory.CreateDirectory(folder);
        ModelFolder.Save(folder, model, "# test\n");
    }

    public void Dispose()
    {
        Engine.Dispose();
        _folder.Dispose();
    }
}
