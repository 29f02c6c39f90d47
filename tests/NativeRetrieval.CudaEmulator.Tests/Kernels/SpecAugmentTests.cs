using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.CudaEmulator.Tests.Kernels;

public class SpecAugmentTests : KernelTests
{
    public static TheoryData<string, int, int> Sizes => Orders((0, 8), (1, 1), (3, 31), (2, 64));

    [Theory, MemberData(nameof(Sizes))]
    public void Masks_the_same_stripes_as_the_cpu(string order, int clips, int bins)
    {
        const int Frames = 37, Block = 64;
        var options = new SpecAugmentOptions(TimeStripes: 2, TimeWidthFrames: 9, MelStripes: 3, MelWidthBins: 5);
        var source = new Philox(41, 0x100000002);
        int[] lengths = [.. Enumerable.Range(0, clips).Select(clip => clip == 1 ? 5 : Frames - clip)];
        using var device = new EmulatedDevice(order);
        float[] x = Normal(1, clips * Frames * bins);
        nint ys = device.Upload(x); // in place
        device.Launch("spec_augment", "spec_augment_forward_f32", (3, clips, 1), Block, 8 * options.Stripes, ys, device.Upload(lengths), options.TimeStripes, options.TimeWidthFrames,
            options.MelStripes, options.MelWidthBins, (long)source.Seed, (long)source.Stream, ys, Frames, bins);

        using var scope = TensorScope.Begin();
        var expected = Op.SpecAugment(Cpu(x, clips, 1, Frames, bins), Tensor.From(lengths, [clips], CpuDevice.Shared), options, source);
        Assert.Equal(expected.ToArray<float>(), device.Download<float>(ys, x.Length));
    }
}
