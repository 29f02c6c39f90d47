using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.CudaEmulator.Tests.Kernels;

public class L2NormalizeTests : KernelTests
{
    public static TheoryData<string, int, int> Sizes => Orders((0, 5), (1, 1), (3, 31), (2, 33), (5, 128), (2, 1024));

    [Theory, MemberData(nameof(Sizes))]
    public void Agrees_with_the_cpu(string order, int rows, int width)
    {
        const int Block = 64;
        using var device = new EmulatedDevice(order);
        float[] x = Normal(1, rows * width), dy = Normal(2, rows * width);
        if (rows > 2) x.AsSpan(width, width).Clear();
        nint dx = device.Empty<float>(x.Length), y = device.Empty<float>(x.Length), xs = device.Upload(x);
        device.Launch("l2_normalize", "l2_normalize_forward_f32", rows, Block, Block / 32 * 4, xs, y, 1e-12f, width);
        device.Launch("l2_normalize", "l2_normalize_backward_f32", rows, Block, Block / 32 * 4, device.Upload(dy), xs, y, dx, 1e-12f, width);

        using var scope = TensorScope.Begin();
        using var tensor = Cpu(x, rows, width);
        using var expected = Op.L2Normalize(tensor);
        using var gradient = Tensor.EmptyLike(tensor);
        tensor.Backend.L2NormalizeBackward(Cpu(dy, rows, width), tensor, expected, 1e-12, gradient);
        Close(expected.ToArray<float>(), device.Download<float>(y, x.Length), 1e-6);
        Close(gradient.ToArray<float>(), device.Download<float>(dx, x.Length), 2e-6);
    }
}
