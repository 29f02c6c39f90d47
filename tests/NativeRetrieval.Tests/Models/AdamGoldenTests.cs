using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn.Optimizers;
using NativeRetrieval.Tests.Encoders;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Models;

/// <summary>Ten steps of Adam, AdamW and clipped Adam against PyTorch.</summary>
public sealed class AdamGoldenTests
{
    [Fact]
    public void Parameters_follow_PyTorch_for_ten_steps()
    {
        using var golden = SafetensorsFile.Open(Fixtures.Small("adam.safetensors"));
        string[] kinds = [.. golden.Names.Select(name => name.Split('/')[0]).Distinct()];
        Assert.Equal(3, kinds.Length);
        foreach (string kind in kinds)
        {
            using var scope = TensorScope.Begin();
            string[] names = [.. golden.Names.Where(name => name.StartsWith(kind + "/", StringComparison.Ordinal)).Select(name => name.Split('/')[1]).Distinct().Where(name => golden.Contains($"{kind}/{name}/initial"))];
            Assert.NotEmpty(names);
            var parameters = names.Select(name => (name, golden.Load($"{kind}/{name}/initial", DType.Float32, CpuDevice.Shared))).ToArray();
            foreach (var (_, parameter) in parameters) parameter.RequiresGradient = true;
            using var adam = new AdamOptimizer([new ParameterGroup(parameters)], Options(kind));
            for (int step = 0; step < 10; step++)
            {
                foreach (var (name, parameter) in parameters) SetGradient(parameter, golden.Load($"{kind}/{name}/grad{step}", DType.Float32, CpuDevice.Shared));
                adam.Step(1e-3);
                foreach (var (name, parameter) in parameters) golden.Check($"{kind}/{name}/after{step}", parameter, 1e-6);
            }
        }
    }

    static AdamOptions Options(string kind) => kind switch
    {
        "adam" => new(),
        "adamw" => new(WeightDecay: 0.01, Decoupled: true),
        _ => new(MaxGradientNorm: 2),
    };

    /// <summary>∂(p · g)/∂p = g.</summary>
    static void SetGradient(Tensor parameter, Tensor gradient)
    {
        using var tape = Tape.Begin();
        tape.Backward(Op.Dot(parameter, gradient));
    }
}
