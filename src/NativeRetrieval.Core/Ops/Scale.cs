using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary><c>y = factor · x</c>.</summary>
    public static Tensor Scale(Tensor x, double factor)
    {
        Expect.Activation(x);
        var y = Tensor.EmptyLike(x);
        x.Backend.Scale(x, factor, y);
        return Tape.Record(y, [x], [], factor, static ctx => [Scale(ctx.OutputGradient, ctx.State<double>())]);
    }

    /// <summary><c>y = factor · x</c> with a factor that is on the device: no value of it is waited for. Not recorded.</summary>
    /// <param name="factor">One element of the dtype of <paramref name="x"/>.</param>
    internal static Tensor ScaleBy(Tensor x, Tensor factor)
    {
        Expect.Real(x);
        Expect.Alike(factor, x);
        var y = Tensor.EmptyLike(x);
        x.Backend.ScaleBy(x, factor, y);
        return y;
    }
}

internal partial interface IBackend
{
    /// <summary>y = factor · x.</summary>
    void Scale(Tensor x, double factor, Tensor y);

    /// <summary>y = factor[0] · x.</summary>
    void ScaleBy(Tensor x, Tensor factor, Tensor y);
}
