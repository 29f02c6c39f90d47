using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.CudaEmulator.Tests.Kernels;

public class EmbeddingTests : KernelTests
{
    const int Rows = 7;

    public static TheoryData<string, int, int> Sizes => Orders((0, 4), (1, 1), (9, 31), (33, 65));

    [Theory, MemberData(nameof(Sizes))]
    public void Rows_and_their_gradients_are_the_cpus_bit_for_bit(string order, int count, int width)
    {
        const int Block = 32;
        using var device = new EmulatedDevice(order);
        float[] table = Normal(1, Rows * width), dy = Normal(2, count * width);
        int[] ids = [.. Enumerable.Range(0, count).Select(i => i * 5 % Rows)];
        nint onDevice = device.Upload(ids), y = device.Empty<float>(dy.Length), gradient = device.Upload(new float[table.Length]), outside = device.Upload([0]);
        device.Launch("embedding", "embedding_forward_f32", count, Block, 0, device.Upload(table), onDevice, y, outside, Rows, width);
        device.Launch("embedding", "embedding_backward_f32", (width + Block - 1) / Block, Block, 0, device.Upload(dy), onDevice, gradient, count, Rows, width);

        using var scope = TensorScope.Begin();
        Tensor weights = Cpu(table, Rows, width), indices = Tensor.From(ids, [count], CpuDevice.Shared), expected = Cpu(new float[dy.Length], count, width), dTable = Cpu(new float[table.Length], Rows, width);
        weights.Backend.Embedding(weights, indices, expected);
        weights.Backend.EmbeddingBackward(Cpu(dy, count, width), indices, dTable);
        Assert.Equal(expected.ToArray<float>(), device.Download<float>(y, dy.Length));
        Assert.Equal(dTable.ToArray<float>(), device.Download<float>(gradient, table.Length));
        Assert.Equal([0], device.Download<int>(outside, 1));
    }

    [Fact]
    public void An_id_outside_the_table_is_told_and_touches_nothing()
    {
        using var device = new EmulatedDevice("forward");
        nint ids = device.Upload([1, Rows, -1]), y = device.Empty<float>(6), outside = device.Upload([0]), gradient = device.Upload(new float[2 * Rows]);
        device.Launch("embedding", "embedding_forward_f32", 3, 32, 0, device.Upload(Normal(1, 2 * Rows)), ids, y, outside, Rows, 2);
        device.Launch("embedding", "embedding_backward_f32", 1, 32, 0, device.Upload([1f, 2, 3, 4, 5, 6]), ids, gradient, 3, Rows, 2);
        Assert.Equal([1], device.Download<int>(outside, 1));
        Assert.Equal([0f, 0, 0, 0], device.Download<float>(y, 6)[2..]);
        Assert.Equal(3, device.Download<float>(gradient, 2 * Rows).Sum());
    }
}
