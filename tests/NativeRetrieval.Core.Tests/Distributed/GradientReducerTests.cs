using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.TestSupport.Distributed;

namespace NativeRetrieval.Core.Tests.Distributed;

public sealed class GradientReducerTests
{
    /// <summary>y = a·b + c of two ranks, the second of which leaves out c; d is used by neither.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(GradientReducer.DefaultBucketBytes)]
    public void Gradients_become_their_sums_over_the_ranks(long bucketBytes)
    {
        var results = LocalGroup.Run(2, group =>
        {
            using var scope = TensorScope.Begin();
            Tensor[] p = [Leaf(2), Leaf(3), Leaf(5), Leaf(7)];
            using var reducer = new GradientReducer(group, p.Reverse(), bucketBytes);
            Assert.Equal(bucketBytes == 1 ? 4 : 1, reducer.Buckets);
            for (int step = 0; step < 2; step++)
            {
                reducer.Begin();
                using (var tape = Tape.Begin())
                {
                    var y = Op.MatMul(p[0], p[1]);
                    if (group.Rank == 0) y = Op.Add(y, p[2]);
                    tape.Backward(y, settled: reducer.Settled);
                }
                reducer.Finish();
                if (step == 0) foreach (var tensor in p) tensor.ClearGradient();
            }
            return p.Select(tensor => tensor.Gradient?.ToArray<float>()[0]).ToArray();
        });
        Assert.All(results, gradients => Assert.Equal([6f, 4f, 1f, null], gradients));

        static Tensor Leaf(float value)
        {
            var leaf = Tensor.From([value], [1, 1], CpuDevice.Shared);
            leaf.RequiresGradient = true;
            return leaf;
        }
    }

    /// <summary>A leaf that is used twice settles behind its first use; the walk goes on after that.</summary>
    [Fact]
    public void A_leaf_settles_as_soon_as_nothing_more_is_added_to_its_gradient()
    {
        using var scope = TensorScope.Begin();
        Tensor[] p = [Tensor.From([2f], [1, 1], CpuDevice.Shared), Tensor.From([3f], [1, 1], CpuDevice.Shared)];
        foreach (var leaf in p) leaf.RequiresGradient = true;
        var seen = new List<(int Leaf, float? Gradient, bool First)>();
        using var tape = Tape.Begin();
        var y = Op.Add(Op.MatMul(Op.MatMul(p[0], p[1]), p[1]), p[0]);
        var last = Op.MatMul(y, p[1]);
        tape.Backward(last, settled: leaf =>
            seen.Add((Array.IndexOf(p, leaf), leaf.Gradient?.ToArray<float>()[0], p[0].Gradient is null)));
        // y = a·b² + a, last = y·b: d/da = b³ + b, d/db = 3·a·b² + a; both are first used by the first product.
        Assert.Equal([(0, 30f, false), (1, 56f, false)], seen);
    }
}
