using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Autograd;

/// <summary>One recorded operation: where its inputs came from, what backward needs, and the gradient collected so far.</summary>
internal sealed class TapeNode(Tape tape, Source[] inputs, Tensor[] saved, object? state, Func<BackwardContext, Tensor?[]> backward)
{
    public Tape Tape => tape;

    public Source[] Inputs => inputs;

    public Tensor[] Saved => saved;

    public object? State => state;

    public Func<BackwardContext, Tensor?[]> Backward => backward;

    /// <summary>∂loss/∂output, owned by the node; null while nothing has reached it.</summary>
    public Tensor? Gradient { get; set; }

    public void Free()
    {
        foreach (var tensor in saved) tensor.Dispose();
        Gradient?.Dispose();
        Gradient = null;
    }
}

/// <summary>Where an input came from: an earlier node, a leaf that wants its gradient, or (both null) neither.</summary>
internal readonly record struct Source(TapeNode? Node, Tensor? Leaf)
{
    public bool WantsGradient => Node is not null || Leaf is not null;
}
