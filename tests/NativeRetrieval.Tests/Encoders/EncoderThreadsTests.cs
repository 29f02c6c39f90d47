using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Text;

namespace NativeRetrieval.Tests.Encoders;

/// <summary>Encoders that serve several threads at once, as hosts use them: the bits are those of one thread.</summary>
public sealed class EncoderThreadsTests
{
    const int Threads = 4, Passes = 12, Frames = 66, Bins = 64;

    public static TheoryData<string> Kinds => ["cnn14", "resnet38", "htsat", "bert"];

    [Theory, MemberData(nameof(Kinds))]
    public async Task Each_thread_gets_the_vectors_of_its_own_inputs(string kind)
    {
        using var encoder = Make(kind);
        float[][] expected = [.. Enumerable.Range(0, Threads).Select(thread => Forward(encoder, thread))];
        var threads = Enumerable.Range(0, Threads).Select(thread => Task.Run(
            () => Enumerable.Range(0, Passes).All(_ => Forward(encoder, thread).AsSpan().SequenceEqual(expected[thread])),
            TestContext.Current.CancellationToken)).ToArray();
        Assert.All(await Task.WhenAll(threads), Assert.True);
        Assert.NotEqual(expected[0], expected[1]);
    }

    static Nn.Module Make(string kind)
    {
        var random = new PhiloxSequence(new Philox(1));
        return kind switch
        {
            "cnn14" => AudioEncoder.Create(new Cnn14Config { Channels = [8, 8, 16, 16, 32, 32] }, CpuDevice.Shared, random),
            "resnet38" => AudioEncoder.Create(new ResNet38Config { Channels = [4, 4, 8, 8, 16, 32] }, CpuDevice.Shared, random),
            "htsat" => AudioEncoder.Create(
                new HtsAtConfig { ImageSize = 128, PatchWidth = 8, Depths = [1, 1, 1, 1], Heads = [1, 2, 2, 4], Window = 4 },
                CpuDevice.Shared, random),
            _ => new BertEncoder(
                new BertConfig { VocabularySize = 211, Width = 24, Layers = 2, Heads = 3, HiddenWidth = 40, MaxPositions = 20 },
                CpuDevice.Shared, random),
        };
    }

    static float[] Forward(Nn.Module encoder, int input)
    {
        using var scope = TensorScope.Begin();
        if (encoder is BertEncoder bert)
            return bert.Forward(new TokenBatch([.. Enumerable.Range(0, 24).Select(i => 1 + (i + input) * 7919 % 210)], [12, 9], 12))
                .ToArray<float>();
        var philox = new Philox((ulong)input);
        float[] decibels = [.. Enumerable.Range(0, Frames * Bins).Select(i => 60 * (float)philox.Uniform((ulong)i) - 70)];
        return ((AudioEncoder)encoder).Forward(Tensor.From(decibels, [1, 1, Frames, Bins], CpuDevice.Shared), lengths: null)
            .ToArray<float>();
    }
}
