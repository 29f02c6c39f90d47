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
        target.Backend.MoveTowards(target, goal, share);
        target.Version++;
    }
}

internal partial interface IBackend
{
    void MoveTowards(Tensor target, Tensor goal, double share);
}
