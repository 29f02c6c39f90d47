using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.GradientChecks.Watching;
using NativeRetrieval.Nn;
using NativeRetrieval.Parity;
using NativeRetrieval.Text;

namespace NativeRetrieval.GradientChecks.Models;

/// <summary>
/// An encoder whose training pass is checked, forward with dropout, SpecAugment and clips of different lengths, then backward, and what
/// inference does otherwise. Weights, inputs and the gradient of the output are what a formula makes of their names.
/// </summary>
internal sealed record CheckedModel(
    string Name, Func<Device, DType, Module> Create, Func<Module, Device, DType, TrainingPass?, Tensor> Forward)
{
    readonly Dictionary<string, int> _outputChannels = [];

    /// <summary>Frames of the longest clip; null for a text encoder.</summary>
    public int? Frames { get; private init; }

    public static IReadOnlyList<CheckedModel> All(bool small) =>
    [
        Audio(small ? new Cnn14Config { Channels = [4, 8, 8, 16, 16, 32] } : new Cnn14Config(), small ? 66 : 201),
        Audio(small ? new ResNet38Config { Channels = [4, 4, 8, 8, 16, 32] } : new ResNet38Config(), small ? 66 : 201),
        Bert(small ? new() { VocabularySize = 211, Width = 24, Layers = 2, Heads = 3, HiddenWidth = 40, MaxPositions = 20 } : new(),
            small ? [8, 3, 5] : [32, 7, 19, 3]),
        Audio(small ? SmallHtsAt : new HtsAtConfig { Depths = [2, 1, 1, 1], Dropout = 0.1 }, small ? 66 : 201),
    ];

    static HtsAtConfig SmallHtsAt => new()
    {
        MelBins = 32, ImageSize = 64, PatchWidth = 8, Depths = [2, 1], Heads = [1, 2], Window = 4, Dropout = 0.1,
    };

    /// <summary>∂objective/∂parameter of one pass on the device.</summary>
    public IReadOnlyDictionary<string, double[]> Gradients(Device device, DType dtype)
    {
        using var scope = TensorScope.Begin();
        using var module = Create(device, dtype);
        module.FillByFormula();
        using (var tape = Tape.Begin())
        {
            var y = Forward(module, device, dtype, new(seed: 1, step: 0));
            tape.Backward(y, HostTensor.Write(Signal("cotangent", 10, 0, y.Shape), y.Shape, device, y.DType));
        }
        foreach (var (name, tensor) in module.Parameters()) _outputChannels[name] = tensor.Shape[0];
        return module.Parameters().ToDictionary(parameter => parameter.Name, parameter => HostTensor.Read(parameter.Tensor.Gradient!));
    }

    /// <summary>Runs the model as inference does.</summary>
    public void Embed(Device device)
    {
        using var scope = TensorScope.Begin();
        using var module = Create(device, DType.Float32);
        Forward(module.FillByFormula(), device, DType.Float32, null);
    }

    /// <summary>The first axis of a parameter, after a pass.</summary>
    public int OutputChannels(string parameter) => _outputChannels[parameter];

    static CheckedModel Audio(AudioEncoderConfig config, int frames)
    {
        return new(config.Name, (device, dtype) => AudioEncoder.Create(config, device, random: null, dtype), Forward) { Frames = frames };

        Tensor Forward(Module module, Device device, DType dtype, TrainingPass? pass)
        {
            Shape shape = [2, 1, frames, config.MelBins];
            var logMel = HostTensor.Write(Signal("logmel", 300, -40, shape), shape, device, dtype);
            return ((AudioEncoder)module).Forward(logMel, [frames, frames - frames / 4], pass, pass is null ? null : new());
        }
    }

    static CheckedModel Bert(BertConfig config, int[] lengths)
    {
        int width = lengths.Max();
        var batch = new TokenBatch(
            [.. Enumerable.Range(0, lengths.Length * width).Select(i => 1 + (i * 7919 + 13) % (config.VocabularySize - 1))],
            lengths, width);
        return new("BERT", (device, dtype) => new BertEncoder(config, device, random: null, dtype),
            (module, _, _, pass) => ((BertEncoder)module).Forward(batch, pass));
    }

    /// <summary>Uniform in <paramref name="offset"/> ± <paramref name="scale"/>/10, float32 values.</summary>
    static double[] Signal(string name, double scale, double offset, Shape shape) =>
        Array.ConvertAll(FormulaWeights.Of($"checks.{name}.bias", [.. shape.Sizes]), value => (double)(float)(value * scale + offset));
}
