using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// <c>target += share · (goal − target)</c>: a step of an exponential moving average. Equal elements stay as they are, bit for bit. Not
    /// recorded.
    /// </summary>
    public static void MoveTowards(Tensor target, Tensor goal, double share)
    {
        Expect.Real(target);
        Expect.Same(goal, target);
        using var scope = TensorScope.Begin();
        var difference = Tensor.EmptyLike(target);
        target.Backend.Add(goal, target, -1, difference);
        target.Backend.Add(target, difference, share, target);
        target.Version++;
    }
}
