using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn.Optimizers;

namespace NativeRetrieval.Parity.Cases;

/// <summary>Ten steps of each optimizer against PyTorch's.</summary>
static class OptimizerCases
{
    const string File = "adam.safetensors";
    const int Steps = 10;

    public static IEnumerable<ParityCase> All =>
    [
        new("Adam, ten steps, float32", 1e-6, [File], folder => Measure(folder, kind => kind == "adam", new())) { OnAnyDevice = true },
        new("AdamW, ten steps, float32", 1e-6, [File], folder => Measure(folder, kind => kind == "adamw", new(WeightDecay: 0.01, Decoupled: true))) { OnAnyDevice = true },
        new("Adam with clipped gradients, ten steps, float32", 1e-6, [File], folder => Measure(folder, kind => kind is not ("adam" or "adamw"), new(MaxGradientNorm: 2))) { OnAnyDevice = true },
    ];

    static WorstError Measure(ParityFolder folder, Func<string, bool> isKind, AdamOptions options)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(File);
        string kind = golden.Names.Select(name => name.Split('/')[0]).First(isKind);
        var parameters = golden.Names.Select(name => name.Split('/')).Where(parts => parts[0] == kind && parts[^1] == "initial")
            .Select(parts => (Name: parts[1], Tensor: golden.Load($"{kind}/{parts[1]}/initial", DType.Float32, folder.Device))).ToArray();
        foreach (var (_, parameter) in parameters) parameter.RequiresGradient = true;
        using var adam = new AdamOptimizer([new ParameterGroup(parameters)], options);
        var worst = new WorstError();
        for (int step = 0; step < Steps; step++)
        {
            foreach (var (name, parameter) in parameters) SetGradient(parameter, golden.Load($"{kind}/{name}/grad{step}", DType.Float32, folder.Device));
            adam.Step(1e-3);
            foreach (var (name, parameter) in parameters) worst.Add(golden, $"{kind}/{name}/after{step}", parameter);
        }
        return worst;
    }

    /// <summary>∂(p · g)/∂p = g.</summary>
    static void SetGradient(Tensor parameter, Tensor gradient)
    {
        using var tape = Tape.Begin();
        tape.Backward(Op.Dot(parameter, gradient));
    }
}
