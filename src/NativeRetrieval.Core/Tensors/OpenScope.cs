namespace NativeRetrieval.Core.Tensors;

/// <summary>The tensors of an open scope, and the scope around it. Closed in their order, scopes are used again by their thread.</summary>
internal sealed class OpenScope
{
    [ThreadStatic] static OpenScope? t_innermost;
    [ThreadStatic] static OpenScope? t_idle;

    /// <summary>The enclosing scope; of an idle one, the next idle one.</summary>
    public OpenScope? Outer { get; private set; }

    public List<Tensor> Tensors { get; } = [];

    /// <summary>Counts the scopes that this has been.</summary>
    public long Use { get; private set; }

    public static OpenScope Begin()
    {
        var scope = t_idle ?? new OpenScope();
        if (scope == t_idle) t_idle = scope.Outer;
        scope.Outer = t_innermost;
        return t_innermost = scope;
    }

    public static void Track(Tensor tensor) => t_innermost?.Tensors.Add(tensor);

    /// <summary>Takes a tensor out of whichever open scope of this thread it is in.</summary>
    public static void Forget(Tensor tensor)
    {
        for (var scope = t_innermost; scope is not null; scope = scope.Outer)
        {
            // The newest tensors are detached most often: search from the end.
            int at = scope.Tensors.LastIndexOf(tensor);
            if (at < 0) continue;
            scope.Tensors.RemoveAt(at);
            return;
        }
    }

    public void Close()
    {
        Use++;
        bool isInnermost = t_innermost == this;
        if (isInnermost) t_innermost = Outer;
        for (int i = Tensors.Count - 1; i >= 0; i--) Tensors[i].Dispose();
        Tensors.Clear();
        // Closed out of its order, or by another thread, it may still be the outer scope of another: it serves no more.
        if (isInnermost) (Outer, t_idle) = (t_idle, this);
    }
}
