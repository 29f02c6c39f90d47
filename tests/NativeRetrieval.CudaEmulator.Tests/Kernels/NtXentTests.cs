using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.CudaEmulator.Tests.Kernels;

public class NtXentTests : KernelTests
{
    public static TheoryData<string, int, int, Positives> Cases()
    {
        var data = new TheoryData<string, int, int, Positives>();
        foreach (string order in (string[])["forward", "reverse", "random"])
            foreach (var (batch, width) in ((int, int)[])[(1, 1), (2, 33), (7, 31), (13, 64)])
                foreach (var positives in Enum.GetValues<Positives>()) data.Add(order, batch, width, positives);
        return data;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Loss_and_gradients_agree_with_the_cpu(string order, int batch, int width, Positives positives)
    {
        const int Block = 96, Warps = Block / 32;
        float[] a = Normal(1, batch * width), t = Normal(2, batch * width);
        if (batch > 2) a.AsSpan(2 * width, width).Clear();
        int[] clips = [.. Enumerable.Range(0, batch).Select(i => i / 2)], texts = [.. Enumerable.Range(0, batch).Select(i => i % 5)];
        var options = new NtXentOptions(Positives: positives);
        float inverse = (float)(1 / options.Temperature), weight = 1f / batch;

        using var device = new EmulatedDevice(order);
        nint audio = device.Empty<float>(a.Length), text = device.Empty<float>(a.Length), audioNorms = device.Empty<float>(batch), textNorms = device.Empty<float>(batch);
        nint audioSums = device.Empty<float>(batch), textSums = device.Empty<float>(batch), audioLosses = device.Empty<float>(batch), textLosses = device.Empty<float>(batch);
        nint counts = device.Empty<int>(batch), clip = device.Upload(clips), caption = device.Upload(texts), loss = device.Empty<float>(1);
        nint dAudio = device.Empty<float>(a.Length), dText = device.Empty<float>(a.Length);
        int kind = (int)positives;
        device.Launch("nt_xent", "nt_xent_normalize_f32", batch, Block, 4 * Warps, device.Upload(a), audio, audioNorms, width);
        device.Launch("nt_xent", "nt_xent_normalize_f32", batch, Block, 4 * Warps, device.Upload(t), text, textNorms, width);
        device.Launch("nt_xent", "nt_xent_forward_f32", batch, Block, 0, audio, text, clip, caption, kind, inverse, weight, audioSums, counts, audioLosses, batch, width);
        device.Launch("nt_xent", "nt_xent_forward_f32", batch, Block, 0, text, audio, clip, caption, kind, inverse, weight, textSums, counts, textLosses, batch, width);
        device.Launch("nt_xent", "nt_xent_loss_f32", 1, Block, 4 * Warps, audioLosses, textLosses, loss, batch);
        device.Launch("nt_xent", "nt_xent_backward_f32", batch, Block, 4 * (width + 2 * Warps), audio, audioNorms, audioSums, text, textSums, counts, clip, caption, kind, inverse, weight, dAudio, batch, width);
        device.Launch("nt_xent", "nt_xent_backward_f32", batch, Block, 4 * (width + 2 * Warps), text, textNorms, textSums, audio, audioSums, counts, clip, caption, kind, inverse, weight, dText, batch, width);

        using var scope = TensorScope.Begin();
        Tensor audioTensor = Cpu(a, batch, width), textTensor = Cpu(t, batch, width), expected = Cpu(new float[1], 1);
        Tensor dAudioTensor = Tensor.EmptyLike(audioTensor), dTextTensor = Tensor.EmptyLike(textTensor);
        audioTensor.Backend.NtXent(audioTensor, textTensor, Tensor.From(clips, [batch], CpuDevice.Shared), Tensor.From(texts, [batch], CpuDevice.Shared), options, expected, dAudioTensor, dTextTensor);
        // Temperature 0.07 makes similarities 14 times as large as cosines, and f32's rounding with them; gradients hold terms of weight / temperature / norm.
        Assert.Equal(expected.ToArray<float>()[0], device.Download<float>(loss, 1)[0], 1e-5 * (1 + Math.Abs(expected.ToArray<float>()[0])));
        float term = weight * inverse * (float)Math.Sqrt(1.0 / width);
        Close(dAudioTensor.ToArray<float>(), device.Download<float>(dAudio, a.Length), 2e-5, [term]);
        Close(dTextTensor.ToArray<float>(), device.Download<float>(dText, a.Length), 2e-5, [term]);
    }
}
