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
/// <remarks>A handle on a list that serves one scope after another: steady work opens scopes without allocating.</remarks>
public readonly struct TensorScope : IDisposable
{
    readonly OpenScope? _open;
    readonly long _use;

    TensorScope(OpenScope open) => (_open, _use) = (open, open.Use);

    /// <summary>Opens a scope inside the thread's present one; it lasts until it is disposed.</summary>
    public static TensorScope Begin() => new(OpenScope.Begin());

    /// <summary>Moves a result into the enclosing scope; without one the caller disposes it.</summary>
    public Tensor Return(Tensor tensor)
    {
        if (IsOpen && _open!.Tensors.Remove(tensor)) _open.Outer?.Tensors.Add(tensor);
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
        OpenScope.Forget(tensor);
        return tensor;
    }

    /// <summary>Frees the tensors that are still in the scope and makes the enclosing scope the innermost again.</summary>
    public void Dispose()
    {
        if (IsOpen) _open!.Close();
    }

    /// <summary>False once the scope is disposed: its list may then serve another.</summary>
    bool IsOpen => _open is not null && _open.Use == _use;
}
