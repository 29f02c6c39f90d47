using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.CudaEmulator.Tests.Ops;

/// <summary>The device's choice is the CPU's, bit for bit, for every kind of float.</summary>
[Collection("device")]
public sealed class TopKTests
{
    static readonly float[] _special = [0f, -0f, float.NaN, -float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon,
        -float.Epsilon, float.MaxValue, float.MinValue, 1f, -1f];

    static readonly (int Rows, int Width, int K)[] _sizes = [(3, 40, 40), (2, 500, 17), (1, 5000, 3), (1, 5000, 300)];

    public static TheoryData<string, int, int, int> Sizes =>
        [.. DeviceOrder.All.SelectMany(order => _sizes.Select(size => (order, size.Rows, size.Width, size.K)))];

    [Theory, MemberData(nameof(Sizes))]
    public void Special_values_take_their_places(string order, int rows, int width, int k)
    {
        using var test = new TestDevice(order);
        var random = new PhiloxSequence(new Philox(11, (ulong)width));
        float[] scores = [.. Enumerable.Range(0, rows * width)
            .Select(_ => random.NextBelow(3) == 0 ? (float)random.NextNormal() : _special[random.NextBelow(_special.Length)])];
        var expected = Choose(CpuDevice.Shared);
        var found = test.Run(Choose);
        Assert.Equal(expected.Indices, found.Indices);
        Assert.Equal(expected.ValueBits, found.ValueBits);

        (int[] Indices, int[] ValueBits) Choose(Device device)
        {
            using var scope = TensorScope.Begin();
            var (values, indices) = Op.TopK(Tensor.From(scores, [rows, width], device), k);
            return (indices.ToArray<int>(), Array.ConvertAll(values.ToArray<float>(), BitConverter.SingleToInt32Bits));
        }
    }
}
