using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary><c>y = a + b</c>, elementwise over tensors of equal shape and layout.</summary>
    public static Tensor Add(Tensor a, Tensor b)
    {
        Expect.Activation(a);
        Expect.Same(b, a);
        var y = Tensor.EmptyLike(a);
        a.Backend.Add(a, b, 1, y);
        return Tape.Record(y, [a, b], [], null, static ctx => [ctx.OutputGradient, ctx.OutputGradient]);
    }

    /// <summary><c>target += x</c>. Not recorded.</summary>
    internal static void AddInPlace(Tensor target, Tensor x)
    {
        Expect.Same(x, target);
        target.Backend.Add(target, x, 1, target);
        target.Version++;
    }
}

internal partial interface IBackend
{
    /// <summary>y = a + scale · b; y may be a.</summary>
    void Add(Tensor a, Tensor b, double scale, Tensor y);
}
