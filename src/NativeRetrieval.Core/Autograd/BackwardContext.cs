using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Autograd;

/// <summary>What an operation's backward rule is given.</summary>
internal sealed class BackwardContext(TapeNode node, Tensor outputGradient)
{
    /// <summary>∂loss/∂output. May be shared: never write to it.</summary>
    public Tensor OutputGradient => outputGradient;

    /// <summary>The saved tensors in the order they were given.</summary>
    public Tensor[] Saved => node.Saved;

    /// <summary>The non-tensor values saved with the operation.</summary>
    public T State<T>() => (T)node.State!;

    /// <summary>Whether input <paramref name="index"/> wants a gradient; return null in its place where it does not.</summary>
    public bool Wants(int index) => node.Inputs[index].WantsGradient;
}
