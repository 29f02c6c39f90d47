using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.CudaEmulator.Tests.Kernels;

public class SoftmaxTests : KernelTests
{
    public static TheoryData<string, int, int> Sizes => Orders((0, 4), (2, 1), (4, 31), (6, 33), (2, 130));

    [Theory, MemberData(nameof(Sizes))]
    public void Agrees_with_the_cpu_on_whole_rows(string order, int rows, int width)
    {
        const int Block = 64;
        using var device = new EmulatedDevice(order);
        float[] x = Normal(1, rows * width, scale: 20), dy = Normal(2, rows * width);
        nint y = device.Upload(x), dx = device.Upload(dy); // in place
        device.Launch("softmax", "softmax_forward_f32", rows, Block, Block / 32 * 4, y, (nint)0, 1, 1f, y, width);
        device.Launch("softmax", "softmax_backward_f32", rows, Block, Block / 32 * 4, dx, y, (nint)0, 1, 1f, dx, width);

        using var scope = TensorScope.Begin();
        var output = Op.Softmax(Cpu(x, rows, width));
        var gradient = Tensor.EmptyLike(output);
        output.Backend.SoftmaxBackward(Cpu(dy, rows, width), output, gradient);
        Close(output.ToArray<float>(), device.Download<float>(y, x.Length), 2e-6);
        Close(gradient.ToArray<float>(), device.Download<float>(dx, x.Length), 5e-7, terms: dy);
    }

    [Theory, InlineData("forward"), InlineData("reverse"), InlineData("random")]
    public void Keys_past_a_sentence_weigh_nothing(string order)
    {
        const int RowsPerSentence = 3, Width = 40, Block = 32;
        int[] lengths = [Width, 0, 1, 33];
        int rows = lengths.Length * RowsPerSentence;
        float[] x = Normal(1, rows * Width), dy = Normal(2, rows * Width), weights = new float[x.Length], gradients = new float[x.Length];
        using var scope = TensorScope.Begin();
        for (int row = 0; row < rows; row++)
        {
            int used = lengths[row / RowsPerSentence];
            if (used == 0) continue;
            var scaled = Array.ConvertAll(x[(row * Width)..(row * Width + used)], value => value * 0.125f);
            var y = Op.Softmax(Cpu(scaled, 1, used));
            var gradient = Tensor.EmptyLike(y);
            y.Backend.SoftmaxBackward(Cpu(dy[(row * Width)..(row * Width + used)], 1, used), y, gradient);
            y.ToArray<float>().CopyTo(weights, row * Width);
            Array.ConvertAll(gradient.ToArray<float>(), value => value * 0.125f).CopyTo(gradients, row * Width);
        }

        using var device = new EmulatedDevice(order);
        nint ys = device.Empty<float>(x.Length), dx = device.Empty<float>(x.Length), used32 = device.Upload(lengths);
        device.Launch("softmax", "softmax_forward_f32", rows, Block, Block / 32 * 4, device.Upload(x), used32, RowsPerSentence, 0.125f, ys, Width);
        device.Launch("softmax", "softmax_backward_f32", rows, Block, Block / 32 * 4, device.Upload(dy), ys, used32, RowsPerSentence, 0.125f, dx, Width);
        Close(weights, device.Download<float>(ys, x.Length), 1e-6);
        Close(gradients, device.Download<float>(dx, x.Length), 2e-6);
    }
}
