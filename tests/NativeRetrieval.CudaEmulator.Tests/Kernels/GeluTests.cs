using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.CudaEmulator.Tests.Kernels;

public class GeluTests : KernelTests
{
    public static TheoryData<string, int, int> Sizes => Orders((0, 32), (1, 32), (33, 32), (700, 64));

    [Theory, MemberData(nameof(Sizes))]
    public void Agrees_with_the_cpu(string order, int count, int block)
    {
        using var device = new EmulatedDevice(order);
        float[] x = Normal(1, count, scale: 3), dy = Normal(2, count);
        nint xs = device.Upload(x), y = device.Empty<float>(count), dx = device.Empty<float>(count);
        int grid = Math.Min(3, (count + block - 1) / block);
        device.Launch("gelu", "gelu_forward_f32", grid, block, 0, xs, y, (long)count);
        device.Launch("gelu", "gelu_backward_f32", grid, block, 0, device.Upload(dy), xs, dx, (long)count);

        using var scope = TensorScope.Begin();
        var input = Cpu(x, count);
        var gradient = Tensor.EmptyLike(input);
        input.Backend.GeluBackward(Cpu(dy, count), input, gradient);
        Close(Op.Gelu(input).ToArray<float>(), device.Download<float>(y, count), 1e-6);
        Close(gradient.ToArray<float>(), device.Download<float>(dx, count), 1e-6);
    }
}
