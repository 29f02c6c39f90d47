using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Ops;

/// <summary>Losses of batches that several threads share; their values are held by the cases of both operations.</summary>
public sealed class LossTests
{
    [Theory]
    [InlineData(Positives.Paper)]
    [InlineData(Positives.SameText)]
    [InlineData(Positives.Dropped)]
    public void The_bits_of_NtXent_do_not_depend_on_the_threads(Positives positives) => ExpectSameBits((audio, text) =>
    {
        int batch = audio.Shape[0];
        using Tensor clips = Numbers(batch, i => i / 2), texts = Numbers(batch, i => i % 50);
        return Op.NtXent(audio, text, clips, texts, new(0.07, positives, LossScale.Mean));
    });

    [Fact]
    public void The_bits_of_distillation_do_not_depend_on_the_threads() => ExpectSameBits((audio, text) =>
    {
        using var teacher = Normal(audio.Shape[0], audio.Shape[0], 3);
        return Op.Distillation(audio, text, teacher, new(0.2, 0.1, LossScale.Mean));
    });

    [Fact]
    public void A_vector_that_is_no_number_makes_a_loss_that_is_none()
    {
        float[] values = new float[40];
        Array.Fill(values, 1);
        values[21] = float.NaN;
        using Tensor audio = Tensor.From(values, [10, 4], CpuDevice.Shared), text = Normal(10, 4, 2), numbers = Numbers(10, i => i);
        using var loss = Op.NtXent(audio, text, numbers, numbers, new());
        Assert.True(double.IsNaN(loss.Item()));
    }

    static void ExpectSameBits(Func<Tensor, Tensor, Tensor> loss)
    {
        float[] shared = Step(loss), alone = [];
        Workers.Run(2, part => { if (part == 0) alone = Step(loss); });
        Assert.Equal(alone, shared);
    }

    /// <summary>The loss and both gradients.</summary>
    static float[] Step(Func<Tensor, Tensor, Tensor> loss)
    {
        using Tensor audio = Normal(301, 150, 1), text = Normal(301, 150, 2);
        audio.RequiresGradient = text.RequiresGradient = true;
        using var scope = TensorScope.Begin();
        using var tape = Tape.Begin();
        var found = loss(audio, text);
        tape.Backward(found);
        return [.. found.ToArray<float>(), .. audio.Gradient!.ToArray<float>(), .. text.Gradient!.ToArray<float>()];
    }

    static Tensor Numbers(int count, Func<int, int> number) =>
        Tensor.From(Enumerable.Range(0, count).Select(number).ToArray(), [count], CpuDevice.Shared);

    static Tensor Normal(int rows, int width, ulong stream)
    {
        var numbers = new PhiloxSequence(new Philox(7, stream));
        return Tensor.From(Enumerable.Range(0, rows * width).Select(_ => (float)numbers.NextNormal() / 12).ToArray(), [rows, width],
            CpuDevice.Shared);
    }
}
