using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;

namespace NativeRetrieval.Parity.Cases;

/// <summary>CNN14 and ResNet38 against the report authors' encoders, with formula weights, from log-mel.</summary>
static class AudioEncoderCases
{
    const string FullSize = "full-size/audio.safetensors", Input = "logmel", Embedding = "eval_embedding";

    /// <summary>Convolutions in a row.</summary>
    internal const int Cnn14Layers = 12, ResNet38Layers = 36;

    // The first convolution of every part has as many outputs as the part has channels.
    static readonly string[] _cnn14 = [.. Enumerable.Range(1, 6).Select(block => $"conv_block{block}.conv1.weight")];

    static readonly string[] _resnet38 =
        ["conv_block1.conv1.weight", .. Enumerable.Range(1, 4).Select(layer => $"resnet.layer{layer}.0.conv1.weight"),
            "conv_block_after1.conv1.weight"];

    public static IEnumerable<ParityCase> All =>
    [
        .. Of(new Cnn14Config(), _cnn14, "cnn14-encoder/golden.safetensors", exact: 1e-9, Cnn14Layers),
        // These goldens are stored as float32.
        .. Of(new ResNet38Config(), _resnet38, "resnet38-encoder/golden.safetensors", exact: 1e-6, ResNet38Layers),
        new("CNN14 full size, float32", 1e-5, [FullSize],
            folder => Full(folder, new Cnn14Config(), "authors_cnn14/embedding"))
        {
            OnAnyDevice = true, Reduced = ReducedTolerance.OfResults(Cnn14Layers),
        },
        new("ResNet38 full size, float32", 1e-5, [FullSize],
            folder => Full(folder, new ResNet38Config(), "authors_resnet38/embedding"))
        {
            OnAnyDevice = true, Reduced = ReducedTolerance.OfResults(ResNet38Layers),
        },
    ];

    static IEnumerable<ParityCase> Of(ConvolutionalEncoderConfig published, string[] convolutions, string file, double exact, int layers)
    {
        string name = published.Name;
        yield return new($"{name} small: evaluation, float64", exact, [file], folder => Evaluate(folder, DType.Float64));
        yield return new($"{name} small: evaluation, float32", 1e-5, [file],
            folder => Evaluate(folder, DType.Float32)) { OnAnyDevice = true, Reduced = ReducedTolerance.OfResults(layers) };
        foreach (var (dtype, forward, gradients) in new[] { (DType.Float64, exact, exact), (DType.Float32, 1e-5, 1e-4) })
        {
            string precision = dtype.ToString().ToLowerInvariant();
            bool anywhere = dtype == DType.Float32;
            yield return new($"{name} small: training and running statistics, {precision}", forward, [file],
                folder => Train(folder, dtype, gradients: false))
            {
                OnAnyDevice = anywhere, Reduced = ReducedTolerance.OfResults(layers),
            };
            yield return new($"{name} small: gradients, {precision}", gradients, [file],
                folder => Train(folder, dtype, gradients: true))
            {
                OnAnyDevice = anywhere, Reduced = ReducedTolerance.OfGradients(layers, relu: true),
            };
        }

        WorstError Evaluate(ParityFolder folder, DType dtype)
        {
            using var scope = TensorScope.Begin();
            using var golden = folder.Open(file);
            using var encoder = Encoder(folder, golden, dtype);
            var worst = new WorstError();
            foreach (string embedding in golden.Names.Where(name => name.StartsWith(Embedding, StringComparison.Ordinal)))
                worst.Add(golden, embedding,
                    encoder.Forward(golden.Load(Input + embedding[Embedding.Length..], dtype, folder.Device), null));
            return worst;
        }

        WorstError Train(ParityFolder folder, DType dtype, bool gradients)
        {
            using var scope = TensorScope.Begin();
            using var golden = folder.Open(file);
            using var encoder = Encoder(folder, golden, dtype);
            var worst = new WorstError();
            using (var tape = Tape.Begin())
            {
                var embedding = encoder.Forward(golden.Load(Input, dtype, folder.Device), null, new TrainingPass(seed: 0, step: 0));
                if (!gradients) worst.Add(golden, "train_embedding", embedding);
                tape.Backward(embedding, golden.Load("cotangent", dtype, folder.Device));
            }
            if (gradients) worst.AddGradients(golden, folder.Device, encoder);
            else
                foreach (var (name, buffer) in encoder.Buffers()) worst.Add(golden, $"after/{name}", buffer);
            return worst;
        }

        AudioEncoder Encoder(ParityFolder folder, SafetensorsFile golden, DType dtype)
        {
            var config = published with
            {
                Channels = [.. convolutions.Select(convolution => golden.Sizes($"grad/{convolution}")[0])],
                MelBins = golden.Sizes(Input)[^1],
                Dropout = 0,
            };
            return AudioEncoder.Create(config, folder.Device, random: null, dtype).FillByFormula(FormulaSeed.Of(folder));
        }
    }

    /// <summary>Wide layers run by Winograd's algorithm: folded and packed as in inference, and plain as in training.</summary>
    static WorstError Full(ParityFolder folder, AudioEncoderConfig published, string name)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(FullSize);
        var config = published with { MelBins = golden.Sizes(Input)[^1], Dropout = 0 };
        using var encoder = AudioEncoder.Create(config, folder.Device, random: null).FillByFormula(FormulaSeed.Of(folder));
        var logMel = golden.Load(Input, DType.Float32, folder.Device);
        var worst = new WorstError();
        worst.Add(golden, name, encoder.Forward(logMel, null));
        using (Tape.Begin()) worst.Add(golden, name, encoder.Forward(logMel, null));
        return worst;
    }
}
