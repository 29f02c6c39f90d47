using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Optimizers;
using NativeRetrieval.Text;

namespace NativeRetrieval.Parity.Tests.OtherSizes;

/// <summary>Five steps on seven items, three at a time, of a model that is narrow in every part.</summary>
static class TrainingRuns
{
    const int Items = 7, Batch = 3, Steps = 5, Frames = 77, Mels = 70, Tokens = 8;
    const string Settings = "heads 9->13->10 and 12->15->10, Adam lr 2e-3; batch = items (3*step+j) mod 7, "
        + "gradient norm clipped at 1.5, Adam with eps 1e-3 (for less noise)";
    const string Audio = "authors' CNN14 with widths 4 5 6 7 8 9 + ";

    /// <param name="pretrained">Folder of the text encoder; null: a BERT with formula weights.</param>
    public static void Write(string path, string? pretrained, int seed)
    {
        using var scope = TensorScope.Begin();
        var text = pretrained is not null ? BertFolder.ReadConfig(pretrained)
            : new BertConfig { VocabularySize = 31, Width = 12, Layers = 3, Heads = 2, HiddenWidth = 14, MaxPositions = 9 };
        text = text with { Dropout = 0, AttentionDropout = 0 };
        var config = new RetrievalModelConfig
        {
            AudioEncoder = new Cnn14Config { Channels = [4, 5, 6, 7, 8, 9], MelBins = Mels, Dropout = 0 },
            LogMel = new() { MelBins = Mels },
            TextEncoder = text, AudioHeadWidth = 13, TextHeadWidth = 15, EmbeddingDimension = 10, MaxTokens = text.MaxPositions,
        };
        var tokenizer = new TextTokenizer(Vocabulary.FromCaptions(["unused"]));
        var encoder = pretrained is null ? null : BertFolder.ReadEncoder(pretrained, CpuDevice.Shared, out _, text, DType.Float64);
        var random = new PhiloxSequence(default);
        using var model = new RetrievalModel(config, tokenizer, CpuDevice.Shared, random, encoder, dtype: DType.Float64);
        foreach (var (name, tensor) in model.State())
            if (pretrained is null || !name.StartsWith("text_enc.", StringComparison.Ordinal))
                tensor.Fill(FormulaWeights.Of(name.Replace("audio_enc.", "").Replace("text_enc.", ""), seed, tensor.Shape.Sizes.ToArray()));

        var file = new GoldenFile();
        float[] logMel = GoldenFile.LogMel("training", [Items, 1, Frames, Mels]);
        file.Add("logmel", [Items, 1, Frames, Mels], logMel);
        var ids = TextEncoders.Batch(file, [8, 3, 5, 2, 6, 4, 7], Tokens, vocabulary: 30);
        double[] losses = new double[Steps], norms = new double[Steps];
        using (var adam = new AdamOptimizer([new ParameterGroup([.. model.Parameters()])],
            new AdamOptions(Epsilon: 1e-3, MaxGradientNorm: 1.5)))
            for (int step = 0; step < Steps; step++)
            {
                int[] items = [.. Enumerable.Range(0, Batch).Select(j => (Batch * step + j) % Items)];
                using (var tape = Tape.Begin())
                {
                    var pass = new TrainingPass(seed: 0, step);
                    var order = Tensor.From(Enumerable.Range(0, Batch).ToArray(), [Batch], CpuDevice.Shared);
                    var loss = Op.NtXent(model.EmbedAudio(Clips(items), null, pass), model.EmbedText(Sentences(items), pass), order, order,
                        new(0.07));
                    losses[step] = loss.Item();
                    tape.Backward(loss);
                }
                norms[step] = adam.Step(2e-3);
            }
        int[] all = [.. Enumerable.Range(0, Items)];
        file.Add("loss", [Steps], losses);
        file.Add("grad_norm_before_clip", [Steps], norms);
        file.Add("final_audio_embedding", model.EmbedAudio(Clips(all), null));
        file.Add("final_text_embedding", model.EmbedText(Sentences(all)));
        string note = pretrained is null ? Audio + "BERT(12 wide, 3 layers, 2 heads, 14, vocab 31, 9 positions), " + Settings
            : Audio + "a pre-trained BERT, " + Settings;
        file.Write(path, ("note", note), ("pytorch_float32_error_loss", "1e-6 1e-6 2e-6 2e-6 2e-6"));

        Tensor Clips(int[] items) =>
            Tensor.From([.. items.SelectMany(item => logMel.Skip(item * Frames * Mels).Take(Frames * Mels)).Select(value => (double)value)],
            (int[])[items.Length, 1, Frames, Mels], CpuDevice.Shared);

        TokenBatch Sentences(int[] items) =>
            new([.. items.SelectMany(item => ids.Ids.Skip(item * Tokens).Take(Tokens))], [.. items.Select(item => ids.Lengths[item])],
                Tokens);
    }
}
