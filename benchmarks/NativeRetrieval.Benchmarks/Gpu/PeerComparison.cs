using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;
using NativeRetrieval.Parity;
using NativeRetrieval.Text;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>Computes what PyTorch computed, from the same inputs and weights, which a formula makes from their names.</summary>
internal sealed class PeerComparison(Device device, PeerSizes sizes)
{
    /// <summary>All tensors of a case by name.</summary>
    /// <exception cref="ArgumentException">There is no case of this name.</exception>
    public Dictionary<string, float[]> Compute(string name)
    {
        using var scope = TensorScope.Begin();
        return name switch
        {
            "log-mel" => Named("dB", Op.LogMel(Signal("parity.waveform", 5, 2, sizes.Samples), LogMelSettings.Default)),
            "cnn14 evaluation" => Evaluate(Cnn14),
            "cnn14 training" => Train(Cnn14),
            "resnet38 evaluation" => Evaluate(ResNet38),
            "resnet38 training" => Train(ResNet38),
            "bert evaluation" => Sentences(gradients: false),
            "bert gradients" => Sentences(gradients: true),
            "nt-xent evaluation" => Loss(gradients: false),
            "nt-xent gradients" => Loss(gradients: true),
            _ => throw new ArgumentException($"no case is called {name}; torch_parity.py has one more than PeerComparison"),
        };
    }

    AudioEncoderConfig Cnn14 => new Cnn14Config { Channels = sizes.Cnn14, Dropout = 0 };

    AudioEncoderConfig ResNet38 => new ResNet38Config { Channels = sizes.Resnet38, Dropout = 0 };

    Dictionary<string, float[]> Evaluate(AudioEncoderConfig config)
    {
        using var encoder = AudioEncoder.Create(config, device, random: null).FillByFormula();
        return Named("embedding", encoder.Forward(LogMel(), lengths: null));
    }

    Dictionary<string, float[]> Train(AudioEncoderConfig config)
    {
        using var encoder = AudioEncoder.Create(config, device, random: null).FillByFormula();
        using var tape = Tape.Begin();
        var embedding = encoder.Forward(LogMel(), lengths: null, new TrainingPass(seed: 0, step: 0));
        var found = Named("embedding", embedding);
        foreach (var (name, buffer) in encoder.Buffers()) found.Add(name, buffer.ToArray<float>());
        return found;
    }

    Dictionary<string, float[]> Sentences(bool gradients)
    {
        var config = new BertConfig
        {
            VocabularySize = sizes.Vocabulary, Width = sizes.Width, Layers = sizes.Layers, Heads = sizes.Heads, HiddenWidth = sizes.Hidden,
            MaxPositions = sizes.Positions, Dropout = 0, AttentionDropout = 0,
        };
        using var encoder = new BertEncoder(config, device, random: null).FillByFormula();
        int width = sizes.Lengths.Max();
        var batch = new TokenBatch(
            [.. Enumerable.Range(0, sizes.Lengths.Length * width).Select(i => 1 + (i * 7919 + 13) % (sizes.Vocabulary - 1))],
            sizes.Lengths, width);
        if (!gradients) return Named("first token", encoder.Forward(batch));
        using var tape = Tape.Begin();
        return Gradients(tape, encoder.Forward(batch, new TrainingPass(seed: 0, step: 0)), encoder);
    }

    Dictionary<string, float[]> Loss(bool gradients)
    {
        var (audio, text) =
            (Signal("parity.audio", 1, sizes.Pairs, sizes.Dimension), Signal("parity.text", 1, sizes.Pairs, sizes.Dimension));
        audio.RequiresGradient = text.RequiresGradient = true;
        var numbers = Tensor.From(Enumerable.Range(0, sizes.Pairs).ToArray(), [sizes.Pairs], device);
        using var tape = Tape.Begin();
        var loss = Op.NtXent(audio, text, numbers, numbers, new NtXentOptions());
        if (!gradients) return Named("loss", loss);
        tape.Backward(loss);
        return new() { ["audio"] = audio.Gradient!.ToArray<float>(), ["text"] = text.Gradient!.ToArray<float>() };
    }

    Dictionary<string, float[]> Gradients(Tape tape, Tensor output, Module module)
    {
        tape.Backward(output, Signal("parity.cotangent", 10, [.. output.Shape.Sizes]));
        return module.Parameters().ToDictionary(parameter => parameter.Name, parameter => parameter.Tensor.Gradient!.ToArray<float>());
    }

    Tensor LogMel()
    {
        using var values = Signal("parity.logmel", 300, sizes.Clips, 1, sizes.Frames, 64);
        return Tensor.From(Array.ConvertAll(values.ToArray<float>(), value => value - 40), values.Shape, device);
    }

    /// <summary>Uniform in ±<paramref name="factor"/>/10.</summary>
    Tensor Signal(string name, float factor, params int[] shape) =>
        Tensor.From(Array.ConvertAll(FormulaWeights.Of(name + ".bias", shape), value => value * factor), shape, device);

    static Dictionary<string, float[]> Named(string name, Tensor value) => new() { [name] = value.ToArray<float>() };
}
