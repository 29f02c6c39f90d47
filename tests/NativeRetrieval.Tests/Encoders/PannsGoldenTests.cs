using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn.Checkpoints;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Encoders;

/// <summary>CNN14 as PANNs has it (block 6 pools 1x1), pruned to uneven widths, with the weights of a checkpoint.</summary>
public sealed class PannsGoldenTests
{
    static readonly Cnn14Config Config = new() { Channels = [8, 13, 24, 40, 56, 96], PoolBlock6 = false, Dropout = 0 };

    [Theory]
    [InlineData(DType.Float64)]
    [InlineData(DType.Float32)]
    public void Last_block_and_embedding_equal_PANNs(DType dtype)
    {
        using var scope = TensorScope.Begin();
        using var golden = SafetensorsFile.Open(Fixtures.Small("cnn14-small/eval.safetensors"));
        using var weights = SafetensorsFile.Open(Fixtures.Small("cnn14-small/weights.safetensors"));
        using var encoder = new Cnn14(Config, CpuDevice.Shared, new PhiloxSequence(default), dtype);
        // What lies beyond the encoder: the front end's stored kernels, the classifier, PyTorch's batch counters.
        StateFile.Read(weights, encoder, name => encoder.State().Any(item => item.Name == name) ? name : null);

        var pooled = encoder.Forward(golden.Load("logmel", dtype, CpuDevice.Shared), null);
        var block6 = Op.ClipPooling(golden.Load("conv_block6", dtype, CpuDevice.Shared));
        Golden.Check(block6.Values(), pooled.Values(), 1e-5, $"pooled block 6 in {dtype}");
        var embedding = Op.Linear(pooled, weights.Load("fc1.weight", dtype, CpuDevice.Shared), weights.Load("fc1.bias", dtype, CpuDevice.Shared), Activation.Relu);
        golden.Check("embedding_fc1", embedding, 1e-5);
    }
}
