using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Ops;

/// <summary>Log-mel at the sizes of real models, against the CPU's in float64; the cases of every size are among the op cases.</summary>
[Collection("device")]
public sealed class LogMelTests
{
    public static TheoryData<string> Orders => [.. DeviceOrder.All];

    [Theory, MemberData(nameof(Orders))]
    public void Clips_of_odd_lengths_in_one_batch_are_as_on_the_CPU(string order)
    {
        int[] lengths = [513, 3_001, 5_117];
        var random = new PhiloxSequence(new Philox(4));
        float[] scale = [.. Enumerable.Range(0, 64).Select(_ => 0.03f + 0.02f * (float)random.NextUniform())];
        float[] shift = [.. scale.Select(_ => (float)random.NextNormal())];
        Check(order, LogMelSettings.Default, Waveform(lengths.Length * 5_117), [3, 5_117], lengths, (scale, shift));
    }

    /// <summary>Points of 65,536 and 32,768 samples lie in global memory; of 16,384 in shared memory, one frame per block.</summary>
    [Theory]
    [InlineData(65_536)]
    [InlineData(32_768)]
    [InlineData(16_384)]
    public void A_giant_window_is_as_on_the_CPU(int window)
    {
        var settings = new LogMelSettings { WindowSamples = window, HopSamples = window / 4 };
        Check("random", settings, Waveform(2 * (window + 11)), [2, window + 11], [window + 11, window / 2 + 1], null);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(3_001)]
    [InlineData(-1)]
    public void A_length_outside_the_row_is_told_when_values_are_read_and_its_clip_is_zeros(int wrong)
    {
        using var test = new TestDevice("forward");
        using var scope = TensorScope.Begin();
        float[] waveform = Waveform(6_000);
        test.Run(device =>
        {
            var y = Op.LogMel(Tensor.From(waveform, [2, 3_000], device), LogMelSettings.Default, Tensor.From([3_000, wrong], [2], device));
            string message = Assert.Throws<ShapeException>(() => y.ToArray<float>()).Message;
            Assert.Contains($"lengths[1] is {wrong}", message, StringComparison.Ordinal);
            float[] values = y.ToArray<float>();
            Assert.Equal(Op.LogMel(Tensor.From(waveform.AsSpan(0, 3_000), [1, 3_000], device), LogMelSettings.Default).ToArray<float>(),
                values[..(values.Length / 2)]);
            Assert.Equal(-1, values.AsSpan(values.Length / 2).IndexOfAnyExcept(0f));
            return 0;
        });
    }

    static void Check(string order, LogMelSettings settings, float[] waveform, Shape shape, int[] lengths,
        (float[] Scale, float[] Shift)? norm)
    {
        using var test = new TestDevice(order);
        using var scope = TensorScope.Begin();
        double[] expected = Run(CpuDevice.Shared, Tensor.From(Wide(waveform), shape, CpuDevice.Shared), Wide).ToArray<double>();
        float[] actual = test.Run(device => Run(device, Tensor.From(waveform, shape, device), values => values).ToArray<float>());
        Golden.Check(expected, actual, 1e-6, $"window {settings.WindowSamples}");

        Tensor Run<T>(Device device, Tensor x, Func<float[], T[]> precision) where T : unmanaged
        {
            Tensor? PerBin(float[]? values) => values is null ? null : Tensor.From(precision(values), [values.Length], device);
            return Op.LogMel(x, settings, Tensor.From(lengths, [lengths.Length], device), new(PerBin(norm?.Scale), PerBin(norm?.Shift)));
        }
    }

    static double[] Wide(float[] values) => Array.ConvertAll(values, value => (double)value);

    static float[] Waveform(int samples)
    {
        var random = new PhiloxSequence(new Philox(8));
        return [.. Enumerable.Range(0, samples).Select(_ => 0.1f * (float)random.NextNormal())];
    }
}
