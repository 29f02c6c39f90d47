using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Backend;
using NativeRetrieval.Cuda.Backend.Libraries;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Runtime;

/// <summary>
/// Algorithms are timed once for each shape and remembered. The look-alikes say how long each takes: their first proposals are never the
/// fastest, and three TF32 products beat float32 where there is much to do.
/// </summary>
[Collection("device")]
public sealed class AlgorithmChoiceTests : IDisposable
{
    static readonly ConvolutionShape _small = new(1, 4, 8, 5, 4, 3), _large = new(2, 16, 32, 24, 16, 3);

    readonly TemporaryFolder _folder = new();
    readonly List<string> _notes = [];

    public AlgorithmChoiceTests()
    {
        Emulator.Require();
        DeviceOrder.Choose("forward");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_fastest_algorithm_is_taken_and_remembered()
    {
        using (var device = Open())
        {
            Convolve(device, _small);
            Assert.Equal("Gemm, FusedMultiplyAdd", Chosen(device, ConvolutionDirection.Forward, _small));
            Assert.Equal("Algorithm1, FusedMultiplyAdd", Chosen(device, ConvolutionDirection.InputGradient, _small));
            Assert.Equal("Algorithm3, FusedMultiplyAdd", Chosen(device, ConvolutionDirection.FilterGradient, _small));
            Multiply(device, 3, 4, 5);
            Assert.Equal((1, false), ChosenProduct(device));
            Assert.Equal(4, Backend(device).Algorithms.Timed);
            Convolve(device, _small);
            Assert.Equal(4, Backend(device).Algorithms.Timed);
        }
        using var second = Open();
        Convolve(second, _small);
        Multiply(second, 3, 4, 5);
        Assert.Equal("Algorithm3, FusedMultiplyAdd", Chosen(second, ConvolutionDirection.FilterGradient, _small));
        Assert.Equal((1, false), ChosenProduct(second));
        Assert.Equal(0, Backend(second).Algorithms.Timed);
        Assert.Empty(_notes);
    }

    [Fact]
    public void Large_shapes_in_float32_are_computed_by_three_TF32_products_unless_that_is_switched_off()
    {
        using (var device = Open())
        {
            Convolve(device, _large);
            foreach (var direction in Enum.GetValues<ConvolutionDirection>()[..3])
                Assert.EndsWith("of three TF32 products", Chosen(device, direction, _large), StringComparison.Ordinal);
            Multiply(device, 64, 64, 96);
            Assert.Equal((4, true), ChosenProduct(device));
            MultiplyExactly(device, 64, 64, 96);
            Assert.Equal((1, false), ChosenProduct(device));
        }
        using var plain = Open(new() { SplitFloat32 = false });
        Convolve(plain, _large);
        Assert.Equal("Gemm, FusedMultiplyAdd", Chosen(plain, ConvolutionDirection.Forward, _large));
        Multiply(plain, 64, 64, 96);
        Assert.Equal((1, false), ChosenProduct(plain));
    }

    [Fact]
    public void Without_timing_and_where_bits_must_not_change_the_first_proposal_is_taken_and_nothing_is_stored()
    {
        foreach (var options in (CudaDeviceOptions[])[new() { TimeAlgorithms = false }, new() { Deterministic = true }])
        {
            using var device = Open(options);
            Convolve(device, _small);
            Multiply(device, 3, 4, 5);
            Assert.Equal("ImplicitPrecomputedGemm, FusedMultiplyAdd", Chosen(device, ConvolutionDirection.Forward, _small));
            Assert.Equal($"Algorithm{(options.Deterministic ? 1 : 0)}, FusedMultiplyAdd",
                Chosen(device, ConvolutionDirection.FilterGradient, _small));
            Assert.Equal((0, false), ChosenProduct(device));
        }
        Assert.False(Directory.Exists(_folder["algorithms"]));
    }

    /// <summary>A cut file, one whose text was changed, one of another device under this name: said once and replaced.</summary>
    [Theory]
    [InlineData("cut", "is damaged")]
    [InlineData("changed", "is damaged")]
    [InlineData("foreign", "is another device's")]
    public void A_file_that_cannot_be_believed_is_ignored_with_one_note(string fault, string problem)
    {
        using (var device = Open()) Convolve(device, _small);
        string path = Assert.Single(Directory.GetFiles(_folder["algorithms"])), text = File.ReadAllText(path);
        Assert.Contains("Gemm, FusedMultiplyAdd", text);
        if (fault == "cut") File.WriteAllText(path, text[..^20]);
        else if (fault == "changed") File.WriteAllText(path, text.Replace("Algorithm3", "Algorithm0", StringComparison.Ordinal));
        else
        {
            var other = new AlgorithmStore(_folder["other"], "another GPU", null);
            other.Add("key", "name");
            File.Copy(other.FilePath, path, overwrite: true);
        }

        using (var device = Open())
        {
            Convolve(device, _small);
            Assert.Equal(3, Backend(device).Algorithms.Timed);
            Assert.Equal("Algorithm3, FusedMultiplyAdd", Chosen(device, ConvolutionDirection.FilterGradient, _small));
        }
        string note = Assert.Single(_notes);
        Assert.Contains(path, note);
        Assert.Contains(problem, note);
        Assert.Equal(text, File.ReadAllText(path));
    }

    [Fact]
    public void A_name_that_is_no_longer_proposed_is_timed_again()
    {
        using (var device = Open()) Convolve(device, _small);
        string path = Assert.Single(Directory.GetFiles(_folder["algorithms"]));
        string line = File.ReadAllLines(path).Single(line => line.StartsWith("FilterGradient", StringComparison.Ordinal));
        var store = new AlgorithmStore(_folder["algorithms"], File.ReadAllLines(path)[1], null);
        store.Add(line.Split('\t')[0], "Algorithm9");
        using var again = Open();
        Convolve(again, _small);
        Assert.Equal(1, Backend(again).Algorithms.Timed);
        Assert.Equal("Algorithm3, FusedMultiplyAdd", Chosen(again, ConvolutionDirection.FilterGradient, _small));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_costs_time_alone_and_is_said_once()
    {
        File.WriteAllText(_folder["algorithms"], "a file where the folder should be");
        using var device = Open();
        Convolve(device, _small);
        Assert.Equal("Gemm, FusedMultiplyAdd", Chosen(device, ConvolutionDirection.Forward, _small));
        Assert.Contains("timed again at the next start", Assert.Single(_notes));
    }

    CudaDevice Open(CudaDeviceOptions? options = null) => CudaDevice.Open(0, (options ?? new()) with
    {
        KernelFolder = _folder["kernels"],
        AlgorithmFolder = _folder["algorithms"],
        Note = _notes.Add,
    });

    static CudaBackend Backend(CudaDevice device) => (CudaBackend)device.Backend;

    static string Chosen(CudaDevice device, ConvolutionDirection direction, ConvolutionShape shape) =>
        Backend(device).Convolutions.Chosen(direction, shape)!.Name;

    static (int, bool) ChosenProduct(CudaDevice device)
    {
        var products = Backend(device).Products;
        return products.Chosen(products.Products()[^1].Shape);
    }

    static void Convolve(CudaDevice device, ConvolutionShape shape)
    {
        using var scope = TensorScope.Begin();
        var x = Zeros(device, shape.Clips, shape.Inputs, shape.Height, shape.Width);
        var weight = Zeros(device, shape.Outputs, shape.Inputs, shape.Kernel, shape.Kernel);
        var y = Op.Conv2d(x, weight);
        device.Backend.Conv2dInputGradient(y, weight, x);
        device.Backend.Conv2dFilterGradient(y, x, weight);
        device.Synchronize();
    }

    static Tensor Zeros(CudaDevice device, params int[] shape) => Tensor.Zeros(shape, device, layout: device.FeatureMaps);

    /// <summary>Scores of search: sums of float32 products, whatever other products of the size are made of.</summary>
    static void MultiplyExactly(CudaDevice device, int rows, int columns, int inner)
    {
        using var scope = TensorScope.Begin();
        Tensor a = Tensor.Zeros([rows, inner], device), b = Tensor.Zeros([inner, columns], device);
        var c = Tensor.Zeros([rows, columns], device);
        Backend(device).Products.Multiply(rows, columns, inner, a.Address, false, b.Address, false, c.Address, exact: true);
        device.Synchronize();
    }

    static void Multiply(CudaDevice device, int rows, int columns, int inner)
    {
        using var scope = TensorScope.Begin();
        Op.MatMul(Tensor.Zeros([rows, inner], device), Tensor.Zeros([inner, columns], device));
        device.Synchronize();
    }
}
