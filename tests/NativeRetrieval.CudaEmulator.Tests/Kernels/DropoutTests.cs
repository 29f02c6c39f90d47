using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.CudaEmulator.Tests.Kernels;

public class DropoutTests : KernelTests
{
    public static TheoryData<string, int, int> Sizes => Orders((0, 32), (1, 32), (3, 32), (129, 32), (1000, 64));

    [Theory, MemberData(nameof(Sizes))]
    public void Draws_the_same_mask_as_the_cpu(string order, int count, int block)
    {
        const double Probability = 0.2;
        // Seed and stream with all halves in use.
        var source = new Philox(0x123456789ABCDEF0, 0x0FEDCBA987654321);
        using var device = new EmulatedDevice(order);
        float[] x = Normal(1, count);
        nint y = device.Empty<float>(count);
        device.Launch("dropout", "dropout_forward_f32", (count + 4 * block - 1) / (4 * block), block, 0,
            device.Upload(x), (uint)Math.Round(Probability * (1 << 24)), (float)(1 / (1 - Probability)), (long)source.Seed, (long)source.Stream, y, (long)count);

        using var scope = TensorScope.Begin();
        Assert.Equal(Op.Dropout(Cpu(x, count), Probability, source).ToArray<float>(), device.Download<float>(y, count));
    }
}
