using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Encoders;
using NativeRetrieval.Engine;
using NativeRetrieval.Models;
using NativeRetrieval.Text;

namespace NativeRetrieval.TestModels;

/// <summary>
/// The model of tests that need one and do not ask which: random weights, narrow layers, windows of two seconds. It indexes and searches
/// like a trained one.
/// </summary>
public static class TinyModel
{
    /// <summary>Width of an embedding.</summary>
    public const int Dimension = 8;

    /// <param name="change">Settings that a test has otherwise.</param>
    /// <param name="seed">Seed of the weights.</param>
    public static RetrievalModel Create(Func<RetrievalModelConfig, RetrievalModelConfig>? change = null, ulong seed = 1)
    {
        var tokenizer = new TextTokenizer(Vocabulary.FromCaptions(["a dog is barking", "rain falls"]));
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
            MaxTokens = 32,
            MaxSeconds = 2,
        };
        return new(change?.Invoke(config) ?? config, tokenizer, CpuDevice.Shared, new PhiloxSequence(new Philox(seed)));
    }

    /// <summary>Writes the folder of such a model.</summary>
    /// <returns>The folder.</returns>
    public static string Write(string folder, Func<RetrievalModelConfig, RetrievalModelConfig>? change = null, ulong seed = 1)
    {
        using var model = Create(change, seed);
        Directory.CreateDirectory(folder);
        ModelFolder.Save(folder, model, "# A test\n");
        return folder;
    }

    /// <summary>Writes the folder of such a model and opens an engine with it.</summary>
    public static RetrievalEngine Open(string folder, Func<RetrievalModelConfig, RetrievalModelConfig>? change = null, ulong seed = 1) =>
        RetrievalEngine.Open(Write(folder, change, seed), CpuDevice.Shared);
}
