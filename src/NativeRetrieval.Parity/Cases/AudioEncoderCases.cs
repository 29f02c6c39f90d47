using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;

namespace NativeRetrieval.Parity.Cases;

/// <summary>CNN14 and ResNet38 against the report authors' encoders, with formula weights, from log-mel.</summary>
static class AudioEncoderCases
{
    const string FullSize = "full-size/audio.safetensors";

    public static IEnumerable<ParityCase> All =>
    [
        .. Of(new Cnn14Config { Channels = [8, 12, 16, 24, 32, 48] }, "cnn14-encoder/golden.safetensors", exact: 1e-9),
        // These goldens are stored as float32.
        .. Of(new ResNet38Config { Channels = [8, 8, 16, 32, 64, 256] }, "resnet38-encoder/golden.safetensors", exact: 1e-6),
        new("CNN14 full size, float32", 1e-5, [FullSize], folder => Full(folder, new Cnn14Config(), "authors_cnn14/embedding")) { OnAnyDevice = true },
        new("ResNet38 full size, float32", 1e-5, [FullSize], folder => Full(folder, new ResNet38Config(), "authors_resnet38/embedding")) { OnAnyDevice = true },
    ];

    static IEnumerable<ParityCase> Of(AudioEncoderConfig config, string file, double exact)
    {
        config = config with { Dropout = 0 };
        yield return new($"{config.Name} small: evaluation, float64", exact, [file], folder => Evaluate(folder, config, file, DType.Float64));
        yield return new($"{config.Name} small: evaluation, float32", 1e-5, [file], folder => Evaluate(folder, config, file, DType.Float32)) { OnAnyDevice = true };
        foreach (var (dtype, forward, gradients) in new[] { (DType.Float64, exact, exact), (DType.Float32, 1e-5, 1e-4) })
        {
            string precision = dtype.ToString().ToLowerInvariant();
            yield return new($"{config.Name} small: training and running statistics, {precision}", forward, [file], folder => Train(folder, config, file, dtype, gradients: false)) { OnAnyDevice = dtype == DType.Float32 };
            yield return new($"{config.Name} small: gradients, {precision}", gradients, [file], folder => Train(folder, config, file, dtype, gradients: true)) { OnAnyDevice = dtype == DType.Float32 };
        }
    }

    static WorstError Evaluate(ParityFolder folder, AudioEncoderConfig config, string file, DType dtype)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(file);
        using var encoder = AudioEncoder.Create(config, folder.Device, random: null, dtype).FillByFormula();
        var worst = new WorstError();
        foreach (string suffix in (string[])["", "_short", "_zero_padded"])
            worst.Add(golden, $"eval_embedding{suffix}", encoder.Forward(golden.Load($"logmel{suffix}", dtype, folder.Device), null));
        return worst;
    }

    static WorstError Train(ParityFolder folder, AudioEncoderConfig config, string file, DType dtype, bool gradients)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(file);
        using var encoder = AudioEncoder.Create(config, folder.Device, random: null, dtype).FillByFormula();
        var worst = new WorstError();
        using (var tape = Tape.Begin())
        {
            var embedding = encoder.Forward(golden.Load("logmel", dtype, folder.Device), null, new TrainingPass(seed: 0, step: 0));
            if (!gradients) worst.Add(golden, "train_embedding", embedding);
            tape.Backward(embedding, golden.Load("cotangent", dtype, folder.Device));
        }
        if (gradients)
            foreach (var (name, parameter) in encoder.Parameters()) worst.Add(golden, $"grad/{name}", parameter.Gradient!);
        else
            foreach (var (name, buffer) in encoder.Buffers()) worst.Add(golden, $"after/{name}", buffer);
        return worst;
    }

    /// <summary>Wide layers run by Winograd's algorithm: folded and packed as in inference, and plain as in training.</summary>
    static WorstError Full(ParityFolder folder, AudioEncoderConfig config, string name)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(FullSize);
        using var encoder = AudioEncoder.Create(config with { Dropout = 0 }, folder.Device, random: null).FillByFormula();
        var logMel = golden.Load("logmel", DType.Float32, folder.Device);
        var worst = new WorstError();
        worst.Add(golden, name, encoder.Forward(logMel, null));
        using (Tape.Begin()) worst.Add(golden, name, encoder.Forward(logMel, null));
        return worst;
    }
}
