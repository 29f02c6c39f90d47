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
        Assert.Throws<ShapeException>(() => Op.Attention(q, q, q, lengths, heads: 2));
        Assert.Throws<ShapeException>(() => Op.MeanOverTokens(q, lengths));
    }

    static Tensor Normal(Shape shape, ulong stream, CpuDevice device)
    {
        var numbers = new PhiloxSequence(new Philox(3, stream));
        return Tensor.From(Enumerable.Range(0, (int)shape.Count).Select(_ => (float)numbers.NextNormal()).ToArray(), shape, device);
    }
}
