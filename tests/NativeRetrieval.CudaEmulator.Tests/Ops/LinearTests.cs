using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.CudaEmulator.Tests.Traffic;
using NativeRetrieval.Models;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Ops;

/// <summary>A linear layer with GELU in one kernel, beside the library's product and a pass of GELU.</summary>
[Collection("device")]
public sealed class LinearTests
{
    /// <summary>Less than a tile, several with ragged ends, whole ones; rows that begin at multiples of 16 bytes and elsewhere.</summary>
    static readonly (int Rows, int Inputs, int Outputs)[] _sizes = [(3, 5, 7), (70, 45, 133), (65, 100, 130), (64, 96, 128)];

    public static TheoryData<string, Precision> Ways =>
        [.. DeviceOrder.All.SelectMany(order => ((Precision[])[Precision.Float32, Precision.Tf32]).Select(p => (order, p)))];

    [Fact]
    public void Products_in_8_bits_are_refused_and_said_to_be_the_CPU_s()
    {
        using var test = new TestDevice("forward");
        test.Run(device =>
        {
            using var scope = TensorScope.Begin();
            var error = Assert.Throws<OptionException>(() => new Int8Weight(Tensor.Zeros([4, 3], device)));
            Assert.Contains($"on the CPU alone, and this is {device}", error.Message, StringComparison.Ordinal);
            TextPrecisionName.Require(TextPrecision.Float32, device);
            error = Assert.Throws<OptionException>(() => TextPrecisionName.Require(TextPrecision.Int8, device));
            Assert.Contains("--device cpu", error.Message, StringComparison.Ordinal);
            return true;
        });
    }

    [Theory, MemberData(nameof(Ways))]
    public void One_kernel_gives_what_two_give(string order, Precision precision)
    {
        using var test = new TestDevice(order, precision);
        foreach (var (rows, inputs, outputs) in _sizes)
            foreach (int first in (int[])[0, 1])
            {
                var (found, expected) = test.Run(device =>
                {
                    using var scope = TensorScope.Begin();
                    Tensor x = Values(device, 1, rows + first, inputs).Rows(first, rows), w = Values(device, 2, outputs, inputs);
                    Tensor bias = Values(device, 3, 1, outputs).Reshape([outputs]);
                    return (Op.Linear(x, w, bias, Activation.Gelu).ToArray<float>(), Op.Gelu(Op.Linear(x, w, bias)).ToArray<float>());
                });
                Golden.Check(Wide(expected), Wide(found), 1e-6, $"{rows} x {inputs} x {outputs}");
            }

        static Tensor Values(Device device, ulong stream, int rows, int columns)
        {
            var random = new PhiloxSequence(new Philox(31, stream));
            float[] values = [.. Enumerable.Range(0, rows * columns).Select(_ => (float)random.NextNormal() / 4)];
            return Tensor.From(values, [rows, columns], device);
        }

        static double[] Wide(float[] values) => Array.ConvertAll(values, value => (double)value);
    }

    /// <summary>The largest float, infinity and NaN beside factors of one TF32 part and of two, as on the CPU.</summary>
    [Fact]
    public void What_is_not_finite_stays_so()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        float[] expected = Compute(CpuDevice.Shared), found = test.Run(Compute);
        for (int i = 0; i < expected.Length; i++)
            if (float.IsFinite(expected[i])) Assert.Equal(expected[i], found[i], 1e-6 * Math.Abs(expected[i]));
            else Assert.Equal(expected[i], found[i]);

        static float[] Compute(Device device)
        {
            using var scope = TensorScope.Begin();
            float[] x = [float.PositiveInfinity, float.NegativeInfinity, float.NaN, 3e38f];
            float[] w = [1, 1 + float.BitIncrement(0.25f), 0.3f];
            return Op.Linear(Tensor.From(x, [x.Length, 1], device), Tensor.From(w, [w.Length, 1], device),
                Tensor.From(new float[w.Length], [w.Length], device), Activation.Gelu).ToArray<float>();
        }
    }

    [Fact]
    public void In_evaluation_it_is_one_launch()
    {
        Emulator.Require();
        using var test = new TestDevice(DeviceOrder.All[0], Precision.Tf32);
        test.Run(device =>
        {
            using var scope = TensorScope.Begin();
            Tensor x = Op.Full([3, 8], 0.5, device), w = Op.Full([5, 8], 0.5, device), bias = Op.Full([5], 0.5, device);
            device.Synchronize();
            CountedLaunch.Begin();
            Op.Linear(x, w, bias, Activation.Gelu);
            device.Synchronize();
            Assert.Equal(["linear_gelu_f32"], CountedLaunch.End().Select(launch => launch.Kernel));
            return true;
        });
    }
}
