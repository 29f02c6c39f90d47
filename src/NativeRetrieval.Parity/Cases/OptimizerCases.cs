using System.Globalization;
using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn.Optimizers;

namespace NativeRetrieval.Parity.Cases;

/// <summary>Steps of each optimizer against PyTorch's.</summary>
static class OptimizerCases
{
    const string File = "adam.safetensors", Clipped = "adam_clip";

    /// <summary>PyTorch's default for AdamW, which the reference keeps and its file does not state.</summary>
    const double DecayOfAdamW = 0.01;

    public static IEnumerable<ParityCase> All =>
    [
        new("Adam, ten steps, float32", 1e-6, [File], folder => Measure(folder, "adam", new())) { OnAnyDevice = true },
        new("AdamW, ten steps, float32", 1e-6, [File],
            folder => Measure(folder, "adamw", new(WeightDecay: DecayOfAdamW, Decoupled: true))) { OnAnyDevice = true },
        new("Adam with clipped gradients, ten steps, float32", 1e-6, [File],
            folder => Measure(folder, Clipped, new())) { OnAnyDevice = true },
    ];

    /// <param name="kind">The optimizer's name in the file, to which that of the clipped one appends the largest norm.</param>
    static WorstError Measure(ParityFolder folder, string kind, AdamOptions options)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(File);
        double[] betas = golden.Numbers("betas", @"^(\S+) (\S+)$");
        options = options with { Beta1 = betas[0], Beta2 = betas[1], Epsilon = golden.Numbers("eps", "(.+)")[0] };
        if (kind == Clipped)
        {
            kind = golden.Names.Select(name => name.Split('/')[0]).First(name => name.StartsWith(Clipped, StringComparison.Ordinal));
            options = options with { MaxGradientNorm = double.Parse(kind[Clipped.Length..], CultureInfo.InvariantCulture) };
        }
        double rate = golden.Numbers("lr", "(.+)")[0];
        var parameters = golden.Names.Select(name => name.Split('/')).Where(parts => parts[0] == kind && parts[^1] == "initial")
            .Select(parts => (Name: parts[1], Tensor: golden.Load($"{kind}/{parts[1]}/initial", DType.Float32, folder.Device))).ToArray();
        foreach (var (_, parameter) in parameters) parameter.RequiresGradient = true;
        using var adam = new AdamOptimizer([new ParameterGroup(parameters)], options);
        var worst = new WorstError();
        int steps = golden.Names.Count(name => name.StartsWith($"{kind}/{parameters[0].Name}/after", StringComparison.Ordinal));
        for (int step = 0; step < steps; step++)
        {
            foreach (var (name, parameter) in parameters)
                SetGradient(parameter, golden.Load($"{kind}/{name}/grad{step}", DType.Float32, folder.Device));
            adam.Step(rate);
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
