using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
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
    /// <summary>Clips of an audio encoder's pass.</summary>
    public const int Clips = 2;

    readonly Dictionary<string, int> _outputChannels = [];

    /// <summary>Frames of the longest clip; null where there is no audio encoder.</summary>
    public int? Frames { get; private init; }

    public static IReadOnlyList<CheckedModel> All(bool small) =>
    [
        Audio(small ? new Cnn14Config { Channels = [4, 8, 8, 16, 16, 32] } : new Cnn14Config(), small ? 66 : 201),
        Audio(small ? new ResNet38Config { Channels = [4, 4, 8, 8, 16, 32] } : new ResNet38Config(), small ? 66 : 201),
        Bert(small ? SmallBert : new(), small ? [8, 3, 5] : [32, 7, 19, 3]),
        Audio(small ? SmallHtsAt : new HtsAtConfig { Depths = [2, 1, 1, 1], Dropout = 0.1 }, small ? 66 : 201),
    ];

    /// <summary>
    /// Parts of a timed training step: two layers of BERT and the objective at its sizes, and the audio encoders as in
    /// <see cref="All"/>.
    /// </summary>
    public static IReadOnlyList<CheckedModel> AtTimedSizes(bool small) =>
    [
        .. All(small).Where(model => model.Frames is not null),
        Bert((small ? SmallBert : new()) with { Layers = 2 }, [.. Enumerable.Repeat(small ? 8 : 32, small ? 3 : 32)]),
        Objective(pairs: small ? 3 : 32, small ? [32, 24, 20, 16] : [2048, 768, 2048, 1024]),
    ];

    static BertConfig SmallBert => new()
    {
        VocabularySize = 211, Width = 24, Layers = 2, Heads = 3, HiddenWidth = 40, MaxPositions = 20,
    };

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
            Shape shape = [Clips, 1, frames, config.MelBins];
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

    /// <summary>Both projections and the loss.</summary>
    /// <param name="widths">Of the sounds' vectors, the sentences', between a projection's layers, and of the common space.</param>
    static CheckedModel Objective(int pairs, int[] widths)
    {
        return new("Objective", (device, dtype) => new Heads(widths, device, dtype), (module, device, dtype, _) =>
        {
            var heads = (Heads)module;
            var numbers = Tensor.From(Enumerable.Range(0, pairs).ToArray(), [pairs], device);
            return Op.NtXent(heads.Sounds.Forward(Vectors("sounds", widths[0])), heads.Sentences.Forward(Vectors("sentences", widths[1])),
                numbers, numbers, new());

            Tensor Vectors(string name, int width)
            {
                var vectors = HostTensor.Write(Signal(name, 10, 0, [pairs, width]), [pairs, width], device, dtype);
                // The encoders want it.
                vectors.RequiresGradient = true;
                return vectors;
            }
        });
    }

    /// <summary>Uniform in <paramref name="offset"/> ± <paramref name="scale"/>/10, float32 values.</summary>
    static double[] Signal(string name, double scale, double offset, Shape shape) =>
        Array.ConvertAll(FormulaWeights.Of($"checks.{name}.bias", [.. shape.Sizes]), value => (double)(float)(value * scale + offset));

    sealed class Heads : Module
    {
        public Heads(int[] widths, Device device, DType dtype)
        {
            Sounds = Child("audio_projection", new ProjectionHead(widths[0], widths[2], widths[3], device, random: null, dtype));
            Sentences = Child("text_projection", new ProjectionHead(widths[1], widths[2], widths[3], device, random: null, dtype));
        }

        public ProjectionHead Sounds { get; }

        public ProjectionHead Sentences { get; }
    }
}
