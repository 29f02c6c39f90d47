using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Backend;
using NativeRetrieval.Cuda.Backend.Libraries;
using NativeRetrieval.GradientChecks;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Runtime;

/// <summary>Every algorithm that can be taken, against float64. The look-alikes round what tensor cores would round.</summary>
[Collection("device")]
public sealed class AlgorithmErrorTests : IDisposable
{
    /// <summary>
    /// Allowed relative L2 errors by <see cref="Precision"/>: on the emulator float32 stays well under 1e-5 however it is computed; a GPU
    /// is held to <see cref="Bounds"/>.
    /// </summary>
    static readonly double[] _bounds = Emulator.IsUsed ? [2e-6, 1e-3, 3.5e-3]
        : [Bounds.Float32, Bounds.Tf32, Math.Sqrt(2) * Bounds.BFloat16Rounding];

    readonly TemporaryFolder _folder = new();

    public AlgorithmErrorTests()
    {
        DeviceOrder.Choose("forward");
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Channels and pixels that are no whole packs, then some that are.</summary>
    [Theory]
    [InlineData(Precision.Float32, 5, 7)]
    [InlineData(Precision.Float32, 16, 8)]
    [InlineData(Precision.Tf32, 16, 8)]
    [InlineData(Precision.BFloat16, 16, 8)]
    public void Every_algorithm_of_every_direction_of_a_convolution(Precision precision, int inputs, int outputs)
    {
        using var device = Open(precision);
        using var scope = TensorScope.Begin();
        double[] x = Values(1, device, 2 * inputs * 6 * 5), w = Values(2, null, outputs * inputs * 9);
        double[] dy = Values(3, device, 2 * outputs * 6 * 5);
        var (y, dx, dw) = Convolve(CpuDevice.Shared, DType.Float64, x, w, dy, inputs, outputs);
        var shape = new ConvolutionShape(2, inputs, outputs, 6, 5, 3, precision == Precision.BFloat16);
        var convolutions = ((CudaBackend)device.Backend).Convolutions;
        var directions = Enum.GetValues<ConvolutionDirection>()[..3];
        int checkedOnes = 0, split = 0;
        for (int direction = 0; direction < directions.Length; direction++)
            foreach (var algorithm in convolutions.Algorithms(directions[direction], shape))
            {
                convolutions.Force(directions[direction], shape, algorithm);
                var got = Convolve(device, DType.Float32, x, w, dy, inputs, outputs);
                double[][] expected = [y, dx, dw], values = [got.Y, got.Dx, got.Dw];
                Golden.Check(expected[direction], values[direction], _bounds[(int)precision],
                    $"{directions[direction]} by {algorithm.Name}");
                checkedOnes++;
                if (algorithm.IsSplit) split++;
            }
        Assert.InRange(checkedOnes, 3, int.MaxValue);
        if (Emulator.IsUsed) Assert.Equal(precision == Precision.Float32 ? (16, 8) : (8, 0), (checkedOnes, split));
    }

    [Theory]
    [InlineData(false, false, 12, 20, 16)]
    [InlineData(true, false, 7, 5, 9)]
    [InlineData(false, true, 7, 5, 9)]
    [InlineData(true, true, 12, 20, 16)]
    public void Every_algorithm_of_a_product(bool transposeA, bool transposeB, int rows, int columns, int inner)
    {
        using var device = Open(Precision.Float32);
        double[] a = Values(1, null, rows * inner), b = Values(2, null, columns * inner);
        double[] expected = Multiply(CpuDevice.Shared, DType.Float64, a, b, transposeA, transposeB, rows, columns, inner);
        var products = ((CudaBackend)device.Backend).Products;
        Multiply(device, DType.Float32, a, b, transposeA, transposeB, rows, columns, inner);
        var (shape, algorithms) = Assert.Single(products.Products());
        Assert.InRange(algorithms, 1, int.MaxValue);
        if (Emulator.IsUsed) Assert.Equal(6, algorithms);
        for (int which = 0; which < algorithms; which++)
        {
            products.Force(shape, which);
            double[] got = Multiply(device, DType.Float32, a, b, transposeA, transposeB, rows, columns, inner);
            Golden.Check(expected, got, _bounds[(int)Precision.Float32], $"{shape}, {products.Names(shape)[which]}");
        }
    }

    /// <summary>
    /// Sums of 3,072 products of normal numbers, as the widest layer of BERT-base has them. Relative to the root mean square of the
    /// results, the largest error of float32's ways stays under 4e-5, and the L2 error well under 1e-5; TF32 has 4e-4.
    /// </summary>
    [Fact]
    public void Three_TF32_products_have_the_accuracy_of_float32_and_one_has_not()
    {
        Emulator.Require();
        const int Rows = 24, Columns = 32, Inner = 3072;
        double[] a = Values(1, null, Rows * Inner), b = Values(2, null, Columns * Inner);
        double[] expected = Multiply(CpuDevice.Shared, DType.Float64, a, b, false, true, Rows, Columns, Inner);
        double plain, split, tf32;
        using (var device = Open(Precision.Float32))
        {
            plain = Error(device, 0);
            split = Error(device, 3);
        }
        using (var device = Open(Precision.Tf32)) tf32 = Error(device, 0);
        Assert.InRange(plain, 1e-8, 4e-6);
        Assert.InRange(split, 1e-8, 4e-6);
        Assert.InRange(tf32, 1e-4, 1e-3);

        double Error(CudaDevice device, int which)
        {
            Multiply(device, DType.Float32, a, b, false, true, Rows, Columns, Inner);
            var products = ((CudaBackend)device.Backend).Products;
            products.Force(Assert.Single(products.Products()).Shape, which);
            double[] got = Multiply(device, DType.Float32, a, b, false, true, Rows, Columns, Inner);
            double largest = 0, difference = 0, norm = 0;
            for (int i = 0; i < got.Length; i++)
            {
                largest = Math.Max(largest, Math.Abs(got[i] - expected[i]));
                difference += (got[i] - expected[i]) * (got[i] - expected[i]);
                norm += expected[i] * expected[i];
            }
            if (device.Options.Precision == Precision.Float32) Assert.InRange(largest / Math.Sqrt(norm / got.Length), 1e-8, 4e-5);
            return Math.Sqrt(difference / norm);
        }
    }

    /// <summary>
    /// The largest float, and the largest that TF32 rounds to infinity; denormals; infinity and NaN on either side: each product of two
    /// is what float32 gives, be its other factor exact in TF32 (1), or of two parts (1 + 2⁻²³), or negative.
    /// </summary>
    [Fact]
    public void Split_operands_keep_large_and_small_numbers_and_what_is_not_finite()
    {
        Emulator.Require();
        using var device = Open(Precision.Float32);
        var products = ((CudaBackend)device.Backend).Products;
        double[] left = [double.PositiveInfinity, double.NegativeInfinity, double.NaN, float.MaxValue, 3.4025e38f, 3e38f, float.Epsilon];
        double[] right = [1, 1 + float.BitIncrement(0.25f), -float.BitDecrement(1), double.PositiveInfinity];
        foreach (var (a, b) in new[] { (left, right), (right, left) })
        {
            int before = products.Products().Count;
            double[] Once() => Multiply(device, DType.Float32, a, b, false, false, a.Length, b.Length, 1);
            Once();
            var (shape, algorithms) = products.Products()[before];
            products.Force(shape, algorithms - 1);
            double[] got = Once();
            for (int i = 0; i < got.Length; i++)
            {
                float expected = (float)a[i / b.Length] * (float)b[i % b.Length];
                // A factor whose upper part is 0.
                if (float.IsInfinity(expected) && Math.Min(Math.Abs(a[i / b.Length]), Math.Abs(b[i % b.Length])) == float.Epsilon)
                    expected = float.NaN;
                string what = $"{a[i / b.Length]:R} x {b[i % b.Length]:R}: {expected:R} expected, got {got[i]:R}";
                if (!float.IsFinite(expected)) Assert.True(((double)expected).Equals(got[i]), what);
                else Assert.True(Math.Abs(got[i] - expected) <= Math.Max(1e-6 * Math.Abs(expected), float.Epsilon), what);
            }
        }
    }

    /// <summary>
    /// The second clip of a batch may begin anywhere, and cuDNN loads vectors of 16 bytes: a convolution there has the bits of one at the
    /// beginning of a block, and writes nothing beside its result.
    /// </summary>
    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.BFloat16)]
    public void Operands_may_begin_at_any_element(Precision precision)
    {
        Emulator.Require();
        using var device = Open(precision);
        var shape = new ConvolutionShape(2, 3, 5, 4, 3, 3, precision == Precision.BFloat16);
        var convolutions = ((CudaBackend)device.Backend).Convolutions;
        foreach (var direction in Enum.GetValues<ConvolutionDirection>()) Assert.Equal(Run(direction, 0), Run(direction, 1));

        float[] Run(ConvolutionDirection direction, int first)
        {
            using var scope = TensorScope.Begin();
            Tensor x = Placed(1, shape.InputElements), w = Placed(2, shape.FilterElements);
            Tensor y = Placed(3, shape.OutputElements), bias = Placed(4, shape.Outputs), summand = Placed(5, shape.OutputElements);
            convolutions.Run(direction, shape, new(At(x), At(w), At(y), direction < ConvolutionDirection.ForwardWithBias ? 0 : At(bias),
                direction == ConvolutionDirection.ForwardWithSumAndRelu ? At(summand) : 0));
            return [.. new[] { x, w, y, bias, summand }.SelectMany(tensor =>
                Op.Cast(tensor, DType.Float32).ToArray<float>()[first..^(1 - first)])];

            Tensor Placed(ulong stream, long count) => Op.Cast(Tensor.From(
                [.. Enumerable.Range(0, (int)count + 1).Select(i => MathF.Sin((int)stream + i - first))], [(int)count + 1], device),
                device.Activations);

            nint At(Tensor tensor) => tensor.Address + first * tensor.DType.SizeBytes();
        }
    }

    CudaDevice Open(Precision precision) => CudaDevice.Open(0,
        new() { Precision = precision, TimeAlgorithms = false, KernelFolder = _folder["kernels"] });

    /// <param name="device">Rounds to the type that it stores activations in; null to float32.</param>
    static double[] Values(ulong stream, Device? device, int count)
    {
        var random = new PhiloxSequence(new Philox(17, stream));
        var stored = device?.Activations ?? DType.Float32;
        return [.. Enumerable.Range(0, count).Select(_ => OpCases.OpCaseRunner.Rounded(random.NextNormal(), stored))];
    }

    static (double[] Y, double[] Dx, double[] Dw) Convolve(
        Device device, DType dtype, double[] x, double[] w, double[] dy, int inputs, int outputs)
    {
        using var scope = TensorScope.Begin();
        var maps = Arranged(Make(device, dtype, x, 2, inputs, 6, 5), device.FeatureMaps, device.Activations);
        var filters = Arranged(Make(device, dtype, w, outputs, inputs, 3, 3), device.Filters, DType.Float32);
        var gradients = Arranged(Make(device, dtype, dy, 2, outputs, 6, 5), device.FeatureMaps, device.Activations);
        var (y, dx, dw) = (Op.Conv2d(maps, filters), Tensor.EmptyLike(maps), Tensor.EmptyLike(filters));
        device.Backend.Conv2dInputGradient(gradients, filters, dx);
        device.Backend.Conv2dFilterGradient(gradients, maps, dw);
        return (Read(y), Read(dx), Read(dw));

        Tensor Arranged(Tensor tensor, Layout layout, DType stored) =>
            dtype == DType.Float64 ? tensor : Op.Cast(Op.ToLayout(tensor, layout), stored);
    }

    static double[] Multiply(
        Device device, DType dtype, double[] a, double[] b, bool transposeA, bool transposeB, int rows, int columns, int inner)
    {
        using var scope = TensorScope.Begin();
        return Read(Op.MatMul(Make(device, dtype, a, transposeA ? inner : rows, transposeA ? rows : inner),
            Make(device, dtype, b, transposeB ? columns : inner, transposeB ? inner : columns), transposeA, transposeB));
    }

    static Tensor Make(Device device, DType dtype, double[] values, params int[] shape) => dtype == DType.Float64
        ? Tensor.From(values, shape, device)
        : Tensor.From(Array.ConvertAll(values, value => (float)value), shape, device);

    static double[] Read(Tensor tensor) => tensor.DType == DType.Float64 ? tensor.ToArray<double>()
        : Array.ConvertAll(Op.Cast(tensor, DType.Float32).ToArray<float>(), value => (double)value);
}
