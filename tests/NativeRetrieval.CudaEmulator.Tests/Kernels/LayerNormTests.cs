using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.CudaEmulator.Tests.Kernels;

public class LayerNormTests : KernelTests
{
    const double Epsilon = 1e-12;

    public static TheoryData<string, int, int> Sizes => Orders((0, 5), (1, 1), (3, 31), (9, 33), (2, 65), (4, 128), (2, 768));

    [Theory, MemberData(nameof(Sizes))]
    public void Agrees_with_the_cpu(string order, int rows, int width)
    {
        const int Block = 96;
        using var device = new EmulatedDevice(order);
        float[] x = Normal(1, rows * width), gain = Normal(2, width), bias = Normal(3, width), dy = Normal(4, rows * width);
        nint xs = device.Upload(x), gains = device.Upload(gain), dys = device.Upload(dy), y = device.Empty<float>(x.Length), dx = device.Empty<float>(x.Length);
        nint mean = device.Empty<float>(rows), inverse = device.Empty<float>(rows), dGain = device.Empty<float>(width), dBias = device.Empty<float>(width);
        device.Launch("layer_norm", "layer_norm_forward_f32", rows, Block, Block / 32 * 4, xs, gains, device.Upload(bias), (float)Epsilon, y, mean, inverse, width);
        device.Launch("layer_norm", "layer_norm_backward_f32", rows, Block, Block / 32 * 4, dys, xs, gains, mean, inverse, dx, width);
        device.Launch("layer_norm", "layer_norm_parameters_f32", (width + 31) / 32, 256, 0, dys, xs, mean, inverse, dGain, dBias, rows, width);

        using var scope = TensorScope.Begin();
        Tensor input = Cpu(x, rows, width), gainTensor = Cpu(gain, width), upstream = Cpu(dy, rows, width);
        var (output, dInput) = (Tensor.EmptyLike(input), Tensor.EmptyLike(input));
        var (means, inverses) = (Tensor.Empty([rows], input.Device), Tensor.Empty([rows], input.Device));
        var (dGainTensor, dBiasTensor) = (Tensor.EmptyLike(gainTensor), Tensor.EmptyLike(gainTensor));
        input.Backend.LayerNorm(input, gainTensor, Cpu(bias, width), Epsilon, output, means, inverses);
        input.Backend.LayerNormBackward(upstream, input, gainTensor, means, inverses, dInput, dGainTensor, dBiasTensor);
        Close(output.ToArray<float>(), device.Download<float>(y, x.Length), 2e-6);
        // One element a row: x - mean is nothing but rounding, which 1 / epsilon magnifies on either side.
        if (width > 1) Close(dInput.ToArray<float>(), device.Download<float>(dx, x.Length), 5e-6);
        Close(dGainTensor.ToArray<float>(), device.Download<float>(dGain, width), 5e-6);
        Close(dBiasTensor.ToArray<float>(), device.Download<float>(dBias, width), 5e-6);
    }

    [Fact]
    public void Half_precision_is_the_rounded_result_of_its_inputs()
    {
        const int Rows = 3, Width = 40;
        using var device = new EmulatedDevice("random");
        var x = Array.ConvertAll(Normal(1, Rows * Width), value => (Half)value);
        float[] gain = Normal(2, Width), bias = Normal(3, Width);
        nint y = device.Empty<Half>(x.Length);
        device.Launch("layer_norm", "layer_norm_forward_f16", Rows, 32, 4, device.Upload(x), device.Upload(gain), device.Upload(bias), 1e-12f, y, device.Empty<float>(Rows), device.Empty<float>(Rows), Width);
        using var scope = TensorScope.Begin();
        var expected = Op.LayerNorm(Cpu(Array.ConvertAll(x, value => (float)value), Rows, Width), Cpu(gain, Width), Cpu(bias, Width)).ToArray<float>();
        Close(expected, Array.ConvertAll(device.Download<Half>(y, x.Length), value => (float)value), 1.0 / 2048);
    }
}
