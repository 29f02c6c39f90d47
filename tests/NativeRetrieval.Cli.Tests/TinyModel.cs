using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Text;

namespace NativeRetrieval.Cli.Tests;

/// <summary>A model folder of random weights, which indexes and searches like a trained one.</summary>
internal static class TinyModel
{
    public static string Write(string folder, PaddingRule padding = PaddingRule.OwnLength)
    {
        var tokenizer = new TextTokenizer(Vocabulary.FromCaptions(["a dog is barking", "rain falls"]));
        var config = new RetrievalModelConfig
        {
            AudioEncoder = new Cnn14Config { Channels = [8, 8, 8, 8, 16, 16] },
            TextEncoder = new BertConfig { VocabularySize = tokenizer.Vocabulary.Size, Width = 16, Layers = 1, Heads = 2,
                HiddenWidth = 32, MaxPositions = 32 },
            AudioHeadWidth = 16,
            TextHeadWidth = 16,
            EmbeddingDimension = 8,
            MaxTokens = 32,
            MaxSeconds = 2,
            Padding = padding,
        };
        using var model = new RetrievalModel(config, tokenizer, CpuDevice.Shared, new PhiloxSequence(new Philox(1)));
        Directory.CreateDirectory(folder);
        ModelFolder.Save(folder, model, "# test\n");
        return folder;
    }
}
