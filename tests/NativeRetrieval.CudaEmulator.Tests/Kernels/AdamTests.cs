using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.CudaEmulator.Tests.Kernels;

public class AdamTests : KernelTests
{
    /// <summary>Of the parameters: none, one, odd, one more than a warp, more than one pass of the grid.</summary>
    static readonly int[] s_counts = [0, 1, 31, 33, 700];

    struct Slot
    {
        public nint Parameter, Gradient, First, Second;
        public long Count;
    }

    [Theory]
    [InlineData("forward", false)]
    [InlineData("reverse", true)]
    [InlineData("random", false)]
    [InlineData("random", true)]
    public void Three_clipped_steps_agree_with_the_cpu(string order, bool decoupled)
    {
        const int Block = 64, Blocks = 3;
        const float Limit = 5, ClipEpsilon = 1e-6f;
        using var scope = TensorScope.Begin();
        using var device = new EmulatedDevice(order);
        var slots = s_counts.Select((count, i) => new AdamSlot(
            Cpu(Normal((ulong)i, count), count), Cpu(Normal(100 + (ulong)i, count), count), Cpu(new float[count], count), Cpu(new float[count], count))).ToArray();
        var onDevice = slots.Select(slot => new Slot
        {
            Parameter = device.Upload(slot.Parameter.ToArray<float>()),
            Gradient = device.Upload(slot.Gradient.ToArray<float>()),
            First = device.Upload(slot.FirstMoment.ToArray<float>()),
            Second = device.Upload(slot.SecondMoment.ToArray<float>()),
            Count = slot.Parameter.Count,
        }).ToArray();
        nint table = device.Upload(onDevice), partials = device.Empty<double>(Blocks * slots.Length), result = device.Empty<float>(2);

        device.Launch("adam", "adam_squared_norm_f32", (Blocks, slots.Length, 1), Block, 0, table, partials);
        device.Launch("adam", "adam_clip_f32", 1, Block, 0, partials, (long)Blocks * slots.Length, Limit, ClipEpsilon, result);
        double norm = Op.GlobalNorm(slots.Select(slot => slot.Gradient).ToArray());
        float[] clip = device.Download<float>(result, 2);
        double scale = Limit / (norm + ClipEpsilon);
        Close([(float)scale, (float)norm], clip, 1e-7);

        for (int t = 1; t <= 3; t++)
        {
            var step = new AdamStep(1e-2, t, scale, WeightDecay: 0.1, Decoupled: decoupled);
            Op.Adam(slots, step);
            device.Launch("adam", "adam_step_f32", (Blocks, slots.Length, 1), Block, 0, table, result, (float)step.Beta1, (float)(1 - step.Beta1), (float)step.Beta2, (float)(1 - step.Beta2),
                (float)(step.LearningRate / (1 - Math.Pow(step.Beta1, t))), (float)(1 / Math.Sqrt(1 - Math.Pow(step.Beta2, t))), (float)step.Epsilon,
                (float)(decoupled ? 0 : step.WeightDecay), (float)(decoupled ? 1 - step.LearningRate * step.WeightDecay : 1));
        }
        for (int i = 0; i < slots.Length; i++)
        {
            Close(slots[i].Parameter.ToArray<float>(), device.Download<float>(onDevice[i].Parameter, s_counts[i]), 1e-6);
            Close(slots[i].FirstMoment.ToArray<float>(), device.Download<float>(onDevice[i].First, s_counts[i]), 1e-6);
            Close(slots[i].SecondMoment.ToArray<float>(), device.Download<float>(onDevice[i].Second, s_counts[i]), 1e-6);
        }
    }

    [Fact]
    public void A_norm_within_the_limit_leaves_gradients_as_they_are()
    {
        using var device = new EmulatedDevice("forward");
        nint result = device.Empty<float>(2);
        device.Launch("adam", "adam_clip_f32", 1, 32, 0, device.Upload([4.0, 5.0]), 2L, 3.5f, 0f, result);
        Assert.Equal([1f, 3f], device.Download<float>(result, 2));
    }
}
