namespace NativeRetrieval.Core.Tensors;

/// <summary>
/// Frees every tensor that its thread makes while it is the innermost scope, except those handed out by <see cref="Return"/>.
/// What a <see cref="Autograd.Tape"/> needs for its backward pass, it shares: closing a scope early never breaks a recording.
/// <code>
/// using var step = TensorScope.Begin();
/// var loss = model.Loss(batch);          // everything made on the way is freed at the end of the block
/// </code>
/// </summary>
public sealed class TensorScope : IDisposable
{
    [ThreadStatic] static TensorScope? t_innermost;

    readonly TensorScope? _outer;
    readonly List<Tensor> _tensors = [];

    TensorScope(TensorScope? outer) => _outer = outer;

    public static TensorScope Begin() => t_innermost = new TensorScope(t_innermost);

    /// <summary>Moves a result into the enclosing scope; without one the caller disposes it.</summary>
    public Tensor Return(Tensor tensor)
    {
        if (_tensors.Remove(tensor)) _outer?._tensors.Add(tensor);
        return tensor;
    }

    public void Dispose()
    {
        if (t_innermost == this) t_innermost = _outer;
        for (int i = _tensors.Count - 1; i >= 0; i--) _tensors[i].Dispose();
        _tensors.Clear();
    }

    internal static void Track(Tensor tensor) => t_innermost?._tensors.Add(tensor);

    /// <summary>Takes a tensor out of the innermost scope: its new owner disposes it.</summary>
    internal static void Forget(Tensor tensor)
    {
        // The newest tensors are forgotten most often: search from the end.
        if (t_innermost?._tensors is not { } tensors) return;
        int at = tensors.LastIndexOf(tensor);
        if (at >= 0) tensors.RemoveAt(at);
    }
}
