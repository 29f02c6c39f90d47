using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Layers;

namespace NativeRetrieval.Encoders;

/// <summary>Vectors of an image's patches: a convolution whose stride is as long as its kernel, then a norm.</summary>
internal sealed class SwinPatches : Module
{
    readonly HtsAtConfig _config;
    readonly Tensor _weight, _bias;
    readonly LayerNorm _norm;

    public SwinPatches(HtsAtConfig config, Device device, PhiloxSequence? random, DType dtype)
    {
        _config = config;
        int values = config.PatchSize * config.PatchSize;
        double bound = 1 / Math.Sqrt(values); // PyTorch's own, for weight and bias
        _weight = Parameter("proj.weight", Initialization.Uniform(
            [config.PatchWidth, 1, config.PatchSize, config.PatchSize], bound, device, dtype, random));
        _bias = Parameter("proj.bias", Initialization.Uniform([config.PatchWidth], bound, device, dtype, random));
        _norm = Child("norm", new LayerNorm(config.PatchWidth, HtsAt.NormEpsilon, device, dtype));
    }

    /// <param name="x">[N, 1, T, F], float32 or float64.</param>
    /// <param name="lengths">int32 [N], own frames; null: all.</param>
    /// <returns>[N, grid, grid, PatchWidth], in the device's type of activations.</returns>
    public Tensor Forward(Tensor x, Tensor? lengths, TrainingPass? pass)
    {
        using var scope = TensorScope.Begin();
        int grid = _config.GridOf(0);
        var patches = Op.MelPatches(x, _config.ImageSize, _config.PatchSize, lengths, Activations.After(x));
        var tokens = _norm.Forward(Op.Linear(patches, _weight.Reshape([_config.PatchWidth, patches.Shape[2]]), _bias));
        if (pass is not null) tokens = Op.Dropout(tokens, _config.Dropout, pass.NextStream(tokens.Shape[1..].Count));
        return scope.Return(tokens.Reshape([x.Shape[0], grid, grid, _config.PatchWidth]));
    }
}
