using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;
using NativeRetrieval.CudaEmulator.Tests.Traffic;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Ops;

/// <summary>Batches of several strips and large scores, which the sizes of the op cases do not reach.</summary>
[Collection("device")]
public sealed class NtXentTests
{
    const int Batch = 141, Width = 10;

    /// <summary>Bytes of a row of scores, which begins at a multiple of 16 bytes.</summary>
    const int RowBytes = 4 * 144;

    public static TheoryData<string, Positives, int> Strips =>
        [.. DeviceOrder.All.SelectMany(order => Enum.GetValues<Positives>().SelectMany(kind => ((int[])[40, 70, 140])
            .Select(height => (order, kind, height))))];

    public static TheoryData<string> Orders => [.. DeviceOrder.All];

    [Theory, MemberData(nameof(Strips))]
    public void Strips_give_what_the_whole_batch_gives(string order, Positives kind, int height)
    {
        using var test = new TestDevice(order);
        using var device = CudaDevice.Open(0, test.Device.Options with { ScoreBytes = RowBytes * height });
        var random = new PhiloxSequence(new Philox(21));
        float[] audio = Normal(), text = Normal();
        var options = new NtXentOptions(0.1, kind, LossScale.Sum);
        var expected = Compute(CpuDevice.Shared, audio, text, options);
        var found = test.Run(_ => Compute(device, audio, text, options));
        Assert.Equal(expected.Loss, found.Loss, 1e-5 * expected.Loss);
        Golden.Check(expected.Audio, found.Audio, 1e-5, "gradient of audio");
        Golden.Check(expected.Text, found.Text, 1e-5, "gradient of text");

        float[] Normal() => [.. Enumerable.Range(0, Batch * Width).Select(_ => (float)random.NextNormal())];
    }

    /// <summary>Scores of 100 and −100: without the largest taken off, their exponentials would overflow.</summary>
    [Theory, MemberData(nameof(Orders))]
    public void Large_scores_stay_finite(string order)
    {
        using var test = new TestDevice(order);
        var options = new NtXentOptions(0.01, Positives.Paper, LossScale.Sum);
        float[] same = [.. Enumerable.Range(0, Batch * Width).Select(i => 1f + i % Width)],
            opposite = Array.ConvertAll(same, value => -value);
        foreach (float[] text in (float[][])[same, opposite])
        {
            var found = test.Run(device => Compute(device, same, text, options));
            Assert.Equal(2 * Math.Log(Batch), found.Loss, 1e-4);
            Assert.All(found.Audio.Concat(found.Text), value => Assert.Equal(0, value, 1e-4));
        }

        // Each text is its audio, and the batch is two groups: 100 for half of the pairs, −100 for the others.
        float[] groups = [.. Enumerable.Range(0, Batch)
            .SelectMany(item => Enumerable.Range(0, Width).Select(d => item % 2 == 0 ? 1f + d : -1f - d))];
        var expected = Compute(CpuDevice.Shared, groups, groups, options);
        var grouped = test.Run(device => Compute(device, groups, groups, options));
        Assert.Equal(expected.Loss, grouped.Loss, 1e-5 * expected.Loss);
        Assert.All(grouped.Audio.Concat(grouped.Text), value => Assert.Equal(0, value, 1e-4));
    }

    /// <summary>
    /// A batch of several strips computes its scores a second time. Nothing scales the gradients of a loss that nothing follows, or copies
    /// them.
    /// </summary>
    [Theory]
    [InlineData(Batch, "scores merge gradient products")]
    [InlineData(Batch / 2 + 1, "scores merge scores merge scores gradient products scores gradient products")]
    public void A_batch_that_is_one_strip_takes_four_launches_with_gradients(int height, string launches)
    {
        Emulator.Require();
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var device = CudaDevice.Open(0, test.Device.Options with { ScoreBytes = RowBytes * height });
        using var scope = TensorScope.Begin();
        float[] values = [.. Enumerable.Range(0, Batch * Width).Select(i => MathF.Sin(i))];
        var vectors = Tensor.From(values, [Batch, Width], device);
        var other = Tensor.From(values, [Batch, Width], device);
        vectors.RequiresGradient = other.RequiresGradient = true;
        var numbers = Tensor.From(Enumerable.Range(0, Batch).ToArray(), [Batch], device);
        using var tape = Tape.Begin();
        device.Synchronize();
        CountedLaunch.Begin();
        tape.Backward(Op.NtXent(vectors, other, numbers, numbers, new NtXentOptions()));
        device.Synchronize();
        Assert.Equal(launches.Split(' ').Select(name => $"nt_xent_{name}_f32"),
            CountedLaunch.End().Select(launch => launch.Kernel));
    }

    /// <summary>Equal bits from run to run: parts are joined in an order that threads do not decide.</summary>
    [Fact]
    public void Every_order_of_threads_gives_the_same_bits()
    {
        var random = new PhiloxSequence(new Philox(22));
        float[] audio = Normal(), text = Normal();
        var found = DeviceOrder.All.Select(order =>
        {
            using var test = new TestDevice(order);
            return test.Run(device => Compute(device, audio, text, new(0.1, Positives.SameText, LossScale.Sum)));
        }).ToArray();
        Assert.All(found, result =>
        {
            Assert.Equal(found[0].Loss, result.Loss);
            Assert.Equal(found[0].Audio, result.Audio);
            Assert.Equal(found[0].Text, result.Text);
        });

        float[] Normal() => [.. Enumerable.Range(0, Batch * Width).Select(_ => (float)random.NextNormal())];
    }

    /// <summary>Scores of all pairs would be 4 MiB; a strip and everything per item stay far below.</summary>
    [Fact]
    public void Memory_does_not_grow_with_the_square_of_the_batch()
    {
        const int Pairs = 1024, Scores = 512 << 10;
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var device = CudaDevice.Open(0, test.Device.Options with { ScoreBytes = Scores });
        using var scope = TensorScope.Begin();
        using var tape = Tape.Begin();
        float[] values = [.. Enumerable.Range(0, Pairs * 4).Select(i => MathF.Sin(i))];
        Tensor a = Tensor.From(values, [Pairs, 4], device), numbers = Tensor.From(Enumerable.Range(0, Pairs).ToArray(), [Pairs], device);
        a.RequiresGradient = true;
        tape.Backward(Op.NtXent(a, a, numbers, numbers, new NtXentOptions()));
        Assert.True(double.IsFinite(a.Gradient!.ToArray<float>().Sum()));
        Assert.InRange(device.PeakBytes, Scores, 2 * Scores);
    }

    static (double Loss, double[] Audio, double[] Text) Compute(Device device, float[] audio, float[] text, NtXentOptions options)
    {
        using var scope = TensorScope.Begin();
        using var tape = Tape.Begin();
        Tensor a = Tensor.From(audio, [Batch, Width], device), t = Tensor.From(text, [Batch, Width], device);
        (a.RequiresGradient, t.RequiresGradient) = (true, true);
        int[] clips = [.. Enumerable.Range(0, Batch).Select(i => i / 2)], texts = [.. Enumerable.Range(0, Batch).Select(i => i % 9)];
        var loss = Op.NtXent(a, t, Tensor.From(clips, [Batch], device), Tensor.From(texts, [Batch], device), options);
        tape.Backward(loss);
        return (loss.Item(), Wide(a.Gradient!), Wide(t.Gradient!));

        static double[] Wide(Tensor x) => Array.ConvertAll(x.ToArray<float>(), value => (double)value);
    }
}
