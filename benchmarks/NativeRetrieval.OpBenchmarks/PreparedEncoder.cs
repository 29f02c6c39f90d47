using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;
using NativeRetrieval.Parity;
using NativeRetrieval.Text;

namespace NativeRetrieval.OpBenchmarks;

/// <summary>An encoder in evaluation with its input on the CPU; the forward pass runs again and again.</summary>
public sealed class PreparedEncoder : IDisposable
{
    const int MelBins = 64;

    readonly Module _encoder;
    readonly Func<Tensor> _forward;
    readonly Tensor? _input;

    PreparedEncoder(AudioEncoderConfig config, int frames)
    {
        var encoder = AudioEncoder.Create(config, CpuDevice.Shared, random: null).FillByFormula();
        encoder.ForInference();
        var philox = new Philox(1);
        float[] decibels = [.. Enumerable.Range(0, frames * MelBins).Select(i => 60 * philox.Uniform((ulong)i) - 70)];
        var input = Tensor.From(decibels, [1, 1, frames, MelBins], CpuDevice.Shared);
        (_encoder, _input, _forward) = (encoder, input, () => encoder.Forward(input, lengths: null));
    }

    PreparedEncoder(BertConfig config, int sentences, int tokens)
    {
        var encoder = new BertEncoder(config, CpuDevice.Shared, random: null).FillByFormula();
        encoder.ForInference();
        var batch = new TokenBatch([.. Enumerable.Range(0, sentences * tokens).Select(i => 1 + i * 7919 % (config.VocabularySize - 1))],
            [.. Enumerable.Repeat(tokens, sentences)], tokens);
        (_encoder, _forward) = (encoder, () => encoder.Forward(batch));
    }

    /// <summary>Full-size encoders by the names in tables.</summary>
    public static IReadOnlyDictionary<string, Func<PreparedEncoder>> Full { get; } = new Dictionary<string, Func<PreparedEncoder>>
    {
        ["CNN6 10 s"] = () => new(new Cnn6Config(), frames: 1001),
        ["CNN10 10 s"] = () => new(new Cnn10Config(), frames: 1001),
        ["CNN14 10 s"] = () => new(new Cnn14Config(), frames: 1001),
        ["ResNet38 10 s"] = () => new(new ResNet38Config(), frames: 1001),
        ["HTSAT-tiny 10 s"] = () => new(new HtsAtConfig(), frames: 1001),
        ["BERT-base 1 x 32"] = () => new(new BertConfig(), sentences: 1, tokens: 32),
        ["BERT-base 32 x 32"] = () => new(new BertConfig(), sentences: 32, tokens: 32),
        ["RoBERTa-base 1 x 32"] = () => new(new RobertaConfig(), sentences: 1, tokens: 32),
    };

    /// <summary>The same encoders, a few channels wide.</summary>
    public static IReadOnlyDictionary<string, Func<PreparedEncoder>> Small { get; } = new Dictionary<string, Func<PreparedEncoder>>
    {
        ["CNN6"] = () => new(new Cnn6Config { Channels = [8, 8, 16, 32] }, frames: 66),
        ["CNN10"] = () => new(new Cnn10Config { Channels = [8, 8, 16, 32] }, frames: 66),
        ["CNN14"] = () => new(new Cnn14Config { Channels = [8, 8, 16, 16, 32, 32] }, frames: 66),
        ["ResNet38"] = () => new(new ResNet38Config { Channels = [4, 4, 8, 8, 16, 32] }, frames: 66),
        ["HTSAT"] = () => new(
            new HtsAtConfig { ImageSize = 128, PatchWidth = 8, Depths = [1, 1, 1, 1], Heads = [1, 2, 2, 4], Window = 4 }, frames: 66),
        ["BERT"] = () => new(
            new BertConfig { VocabularySize = 211, Width = 24, Layers = 2, Heads = 3, HiddenWidth = 40, MaxPositions = 20 }, 2, 12),
        ["RoBERTa"] = () => new(
            new RobertaConfig { VocabularySize = 211, Width = 24, Layers = 2, Heads = 3, HiddenWidth = 40, MaxPositions = 20 }, 2, 12),
    };

    public void Run()
    {
        using var scope = TensorScope.Begin();
        _forward();
    }

    public void Dispose()
    {
        _encoder.Dispose();
        _input?.Dispose();
    }
}
