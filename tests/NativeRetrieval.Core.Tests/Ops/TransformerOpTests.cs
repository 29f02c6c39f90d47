using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Ops;

public sealed class TransformerOpTests
{
    [Fact]
    public void Repeated_inference_gives_the_same_bits_and_follows_changes_of_the_weight()
    {
        var device = new CpuDevice();
        using var scope = TensorScope.Begin();
        Tensor x = Normal([5, 70], 1, device), weight = Normal([40, 70], 2, device);
        float[] first = Op.Linear(x, weight).ToArray<float>();
        for (int use = 0; use < 3; use++) Assert.Equal(first, Op.Linear(x, weight).ToArray<float>());

        weight.CopyFrom(Normal([40, 70], 3, device));
        float[] changed = Op.MatMul(x, weight, transposeB: true).ToArray<float>();
        Assert.NotEqual(first, changed);
        for (int use = 0; use < 3; use++) Assert.Equal(changed, Op.Linear(x, weight).ToArray<float>());
    }

    [Fact]
    public void A_weight_of_another_width_is_refused_by_name()
    {
        var device = new CpuDevice();
        using var scope = TensorScope.Begin();
        var error = Assert.Throws<ShapeException>(() => Op.Linear(Normal([2, 3], 1, device), Normal([4, 5], 2, device)));
        Assert.Contains("weight must be [4, 3]", error.Message);
    }

    [Fact]
    public void An_id_outside_the_table_is_refused_with_its_position()
    {
        var device = new CpuDevice();
        using var scope = TensorScope.Begin();
        var ids = Tensor.From([0, 2, 3], [3], device);
        var error = Assert.Throws<ShapeException>(() => Op.Embedding(Normal([3, 4], 1, device), ids));
        Assert.Contains("id 3 at position 2", error.Message);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(5)]
    public void A_length_that_no_sentence_can_have_is_refused(int length)
    {
        var device = new CpuDevice();
        using var scope = TensorScope.Begin();
        var q = Normal([1, 4, 6], 1, device);
        var lengths = Tensor.From([length], [1], device);
        var starts = Tensor.From([0, length], [2], device);
        var error = Assert.Throws<ShapeException>(() => Op.Attention(q.Reshape([4, 6]), starts, heads: 2, tokens: 4));
        Assert.Contains($"starts[1] is {length}; starts must rise from 0 to 4, the rows of qkv, at most, and by no more than the 4 tokens",
            error.Message);
        Assert.Throws<ShapeException>(() => Op.MeanOverTokens(q, lengths));
    }

    [Fact]
    public void A_sentence_of_more_tokens_than_are_said_is_refused()
    {
        var device = new CpuDevice();
        using var scope = TensorScope.Begin();
        var starts = Tensor.From([0, 1, 4], [3], device);
        Assert.Contains("starts[2] is 4",
            Assert.Throws<ShapeException>(() => Op.Attention(Normal([4, 6], 1, device), starts, heads: 2, tokens: 2)).Message);
    }

    /// <summary>One product over weights that lie one behind the other; each part keeps its own gradient, as if it were alone.</summary>
    [Fact]
    public void Parts_of_a_split_tensor_are_put_together_without_a_copy_and_get_gradients_of_their_own()
    {
        var device = new CpuDevice();
        using var scope = TensorScope.Begin();
        var whole = Normal([6, 5], 1, device);
        float[] values = whole.ToArray<float>();
        var parts = whole.Split(3);
        foreach (var part in parts) part.RequiresGradient = true;
        var apart = parts.Select(part => part.Clone()).ToArray();
        foreach (var part in apart) part.RequiresGradient = true;
        Assert.Equal(parts[0].Address, Op.Concat(parts).Address);
        Assert.Equal(values, Op.Concat(apart).ToArray<float>());

        Tensor x = Normal([4, 5], 2, device), seed = Normal([4, 6], 3, device);
        foreach (var set in new[] { parts, apart })
        {
            using var tape = Tape.Begin();
            tape.Backward(Op.Linear(x, Op.Concat(set)), seed);
        }
        for (int i = 0; i < 3; i++)
        {
            Assert.True(parts[i].Gradient!.IsExclusive);
            Assert.Equal(apart[i].Gradient!.ToArray<float>(), parts[i].Gradient!.ToArray<float>());
        }

        // Changes of a part are changes of the whole.
        parts[1].CopyFrom(Normal([2, 5], 5, device));
        float[] changed = Op.MatMul(x, Op.Concat([.. parts.Select(part => part.Clone())]), transposeB: true).ToArray<float>();
        Assert.Equal(changed, Op.Linear(x, Op.Concat(parts)).ToArray<float>());
        long before = device.LiveBytes;
        whole.Dispose();
        parts[0].Dispose();
        Assert.Equal(values[20..], parts[2].ToArray<float>());
        foreach (var part in parts[1..]) part.Dispose();
        Assert.True(device.LiveBytes < before);
    }

    static Tensor Normal(Shape shape, ulong stream, CpuDevice device)
    {
        var numbers = new PhiloxSequence(new Philox(3, stream));
        return Tensor.From(Enumerable.Range(0, (int)shape.Count).Select(_ => (float)numbers.NextNormal()).ToArray(), shape, device);
    }
}
