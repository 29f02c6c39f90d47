using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Ops;

/// <summary>The device chooses as the CPU where a formula leaves a choice: ties, zeros, and running statistics.</summary>
[Collection("device")]
public sealed class EdgeTests
{
    public static TheoryData<string> Orders => [.. DeviceOrder.All];

    /// <summary>Small whole numbers: nearly every window has its maximum twice.</summary>
    [Theory, MemberData(nameof(Orders))]
    public void Of_equal_maxima_the_first_gets_the_gradient(string order)
    {
        using var test = new TestDevice(order);
        int[] shape = [2, 5, 6, 7];
        Same(test, (device, tape) =>
        {
            var x = Whole(device, 1, shape);
            x.RequiresGradient = true;
            return Gradient(tape, x, Op.MaxPool2d(Op.ToLayout(x, device.FeatureMaps), 3, 2));
        });
        Same(test, (device, tape) =>
        {
            var x = Whole(device, 2, shape);
            x.RequiresGradient = true;
            return Gradient(tape, x, Op.ClipPooling(x));
        });
    }

    [Theory, MemberData(nameof(Orders))]
    public void The_rectifier_has_no_slope_at_zero(string order)
    {
        using var test = new TestDevice(order);
        foreach (var rectify in (Func<Tensor, Tensor>[])[Op.Relu, x => Op.AddRelu(x, x)])
            Same(test, (device, tape) =>
            {
                var x = Whole(device, 3, 9, 11);
                x.RequiresGradient = true;
                return Gradient(tape, x, rectify(x));
            });
    }

    [Theory, MemberData(nameof(Orders))]
    public void Running_statistics_follow_the_batchs_real_frames_or_stay(string order)
    {
        using var test = new TestDevice(order);
        foreach (int[] lengths in (int[][])[[5, 2, 0], [1, 0, 0], [0, 0, 0]])
            foreach (int part in (int[])[0, 1])
                Same(test, (device, tape) =>
                {
                    var x = Op.ToLayout(Whole(device, 4, 3, 4, 5, 2), device.FeatureMaps);
                    Tensor ones = Op.Full([4], 1, device), mean = Op.Full([4], 0.5, device), variance = Op.Full([4], 2, device);
                    Op.BatchNorm(x, ones, ones, mean, variance, new(Training: true), Tensor.From(lengths, [3], device));
                    return part == 0 ? mean : variance;
                });
    }

    /// <summary>Values and dropout's numbers; 37 channels are no whole packs.</summary>
    [Theory]
    [InlineData(16, 2), InlineData(37, 2), InlineData(16, 1), InlineData(8, 3)]
    public void The_end_of_a_block_equals_its_three_operations_bit_for_bit(int channels, int window)
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        var stream = new Philox(7, 3);
        float[] separate = test.Run(device => BlockEnd(device, channels, (x, c, mean, variance, own, _) =>
        {
            var y = Op.AvgPool2d(Op.BatchNorm(x, c, c, mean, variance, new(Training: true, Relu: true), own), window, window, own);
            return Op.Dropout(y, 0.3, stream);
        }));
        float[] fused = test.Run(device => BlockEnd(device, channels, (x, c, mean, variance, own, _) =>
            Op.BatchNormPool2d(x, c, c, mean, variance, new(Training: true, Relu: true), new(window, 0.3, stream), own)));
        Assert.Equal(separate, fused);
        Assert.Contains(fused, value => value > 0);
    }

    /// <summary>
    /// A key that scores −∞ takes no part, and an infinite value stays infinite: what TF32 leaves of infinity must not make NaN of it. A
    /// score of ∞ has no soft-max.
    /// </summary>
    [Theory, MemberData(nameof(Orders))]
    public void Attention_keeps_what_is_infinite(string order)
    {
        const int Tokens = 5, Heads = 2, Width = 9;
        using var test = new TestDevice(order);
        float[] expected = Attended(CpuDevice.Shared), found = test.Run(Attended);
        Assert.Contains(float.PositiveInfinity, expected);
        Assert.Contains(float.NaN, expected);
        for (int i = 0; i < expected.Length; i++)
            if (float.IsFinite(expected[i])) Assert.Equal(expected[i], found[i], 1e-5);
            else Assert.Equal(expected[i], found[i]);

        static float[] Attended(Device device)
        {
            using var scope = TensorScope.Begin();
            var random = new PhiloxSequence(new Philox(29));
            float[] qkv = [.. Enumerable.Range(0, 2 * Tokens * 3 * Heads * Width).Select(_ => (float)random.NextNormal())];
            for (int token = 0; token < 2 * Tokens; token++) qkv[At(token, 0, 0, 3)] = 1.1f + 0.3f * token;
            qkv[At(1, 1, 0, 3)] = float.NegativeInfinity; // a key of the first sentence, below all queries
            qkv[At(2, 2, 0, 4)] = float.PositiveInfinity; // a value
            qkv[At(Tokens + 1, 1, 0, 3)] = float.PositiveInfinity; // a key of the second sentence, above all queries
            return Op.Attention(Tensor.From(qkv, [2 * Tokens, 3 * Heads * Width], device),
                Tensor.From([0, Tokens, 2 * Tokens], [3], device), Heads, Tokens).ToArray<float>();
        }

        static int At(int token, int part, int head, int place) => ((token * 3 + part) * Heads + head) * Width + place;
    }

    /// <summary>More pixels than one chunk of the sums has, so that there is an order to keep.</summary>
    [Fact]
    public void Sums_of_batch_norm_do_not_depend_on_the_order_of_blocks()
    {
        float[][] runs = [.. DeviceOrder.All.Select(order =>
        {
            using var test = new TestDevice(order);
            return test.Run(device => BlockEnd(device, 37, (x, c, mean, variance, own, tape) =>
            {
                x.RequiresGradient = true;
                var y = Op.BatchNormPool2d(x, c, c, mean, variance, new(Training: true, Relu: true), new(2), own);
                return Gradient(tape, x, Op.BatchNorm(y, c, c, mean, variance, new(Training: true, Relu: true)));
            }));
        })];
        foreach (float[] run in runs) Assert.Equal(runs[0], run);
    }

    static float[] BlockEnd(Device device, int channels, Func<Tensor, Tensor, Tensor, Tensor, Tensor, Tape, Tensor> compute)
    {
        using var scope = TensorScope.Begin();
        using var tape = Tape.Begin();
        var random = new PhiloxSequence(new Philox(23));
        int[] shape = [3, channels, 9, 7];
        var x = Tensor.From([.. Enumerable.Range(0, (int)((Shape)shape).Count).Select(_ => (float)random.NextNormal())], shape, device);
        Tensor c = Op.Full([channels], 0.75, device), mean = Op.Full([channels], 0, device), variance = Op.Full([channels], 1, device);
        var y = compute(Op.ToLayout(x, device.FeatureMaps), c, mean, variance, Tensor.From([9, 5, 1], [3], device), tape);
        return Op.ToLayout(y, Layout.Contiguous).ToArray<float>();
    }

    static Tensor Gradient(Tape tape, Tensor x, Tensor y)
    {
        tape.Backward(y, Op.ToLayout(Whole(x.Device, 9, y.Shape.Sizes.ToArray()), y.Layout));
        return x.Gradient!;
    }

    static void Same(TestDevice test, Func<Device, Tape, Tensor> compute)
    {
        double[] expected = Values(CpuDevice.Shared);
        Assert.Contains(expected, value => value != 0);
        Golden.Check(expected, test.Run(Values), 1e-6, "device");

        double[] Values(Device device)
        {
            using var scope = TensorScope.Begin();
            using var tape = Tape.Begin();
            return Array.ConvertAll(compute(device, tape).ToArray<float>(), value => (double)value);
        }
    }

    static Tensor Whole(Device device, ulong stream, params int[] shape)
    {
        var random = new PhiloxSequence(new Philox(17, stream));
        return Tensor.From([.. Enumerable.Range(0, (int)((Shape)shape).Count).Select(_ => (float)(random.NextBelow(4) - 1))], shape,
            device);
    }
}
