namespace NativeRetrieval.Core.Tensors;

/// <summary>
/// Frees every tensor that its thread makes while it is the innermost scope, except those handed out by <see cref="Return"/> or
/// <see cref="Detach"/>. A scope belongs to the thread that began it and is disposed there, innermost first. A
/// <see cref="Autograd.Tape"/> shares the memory that its backward pass reads: closing a scope early never breaks a recording.
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

    /// <summary>Opens a scope inside the thread's present one; it lasts until it is disposed.</summary>
    public static TensorScope Begin() => t_innermost = new TensorScope(t_innermost);

    /// <summary>Moves a result into the enclosing scope; without one the caller disposes it.</summary>
    public Tensor Return(Tensor tensor)
    {
        if (_tensors.Remove(tensor)) _outer?._tensors.Add(tensor);
        return tensor;
    }

    /// <summary>
    /// Takes a tensor out of the scope that would free it, whichever open scope of this thread that is: its new owner disposes it. For
    /// tensors that outlive the work they are made in, such as weights, an optimizer's moments and caches. A tensor in no scope is left
    /// as it is.
    /// </summary>
    /// <returns>The same tensor.</returns>
    public static Tensor Detach(Tensor tensor)
    {
        for (var scope = t_innermost; scope is not null; scope = scope._outer)
        {
            // The newest tensors are detached most often: search from the end.
            int at = scope._tensors.LastIndexOf(tensor);
            if (at < 0) continue;
            scope._tensors.RemoveAt(at);
            break;
        }
        return tensor;
    }

    /// <summary>Frees the tensors that are still in the scope and makes the enclosing scope the innermost again.</summary>
    public void Dispose()
    {
        if (t_innermost == this) t_innermost = _outer;
        for (int i = _tensors.Count - 1; i >= 0; i--) _tensors[i].Dispose();
        _tensors.Clear();
    }

    internal static void Track(Tensor tensor) => t_innermost?._tensors.Add(tensor);
}
