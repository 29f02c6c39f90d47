using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Autograd;

/// <summary>
/// The arguments of an operation's backward rule (see <see cref="Tape.Record"/>). It and its tensors are valid until the rule returns.
/// </summary>
public sealed class BackwardContext
{
    readonly TapeNode _node;

    internal BackwardContext(TapeNode node) => _node = node;

    /// <summary>True where the output is the loss itself, whose gradient is 1.</summary>
    internal bool IsLoss => _node.Loss is not null;

    /// <summary>
    /// ∂loss/∂output, in the output's shape and dtype. Other rules may be given the same memory: it must not be written to.
    /// </summary>
    public Tensor OutputGradient => _node.Gradient ??= _node.Loss!.Value.One();

    /// <summary>The saved tensors in the order they were given; they must not be written to.</summary>
    public ReadOnlySpan<Tensor> Saved => _node.Saved;

    /// <summary>The non-tensor values saved with the operation.</summary>
    /// <typeparam name="T">The type they were saved as.</typeparam>
    /// <exception cref="InvalidCastException">They are of another type.</exception>
    public T State<T>() => (T)_node.State!;

    /// <summary>
    /// True where input <paramref name="index"/> leads to a tensor that requires a gradient; elsewhere the rule may return null.
    /// </summary>
    public bool Wants(int index) => _node.Inputs[index].WantsGradient;

    /// <summary>
    /// The gradient that other operations have sent to input <paramref name="index"/> so far. The rule now owns it, and returns its own
    /// gradient with this one added. Null where none has come, or the input is a leaf.
    /// </summary>
    internal Tensor? TakeCollected(int index)
    {
        if (_node.Inputs[index].Node is not { Gradient: { Layout: Layout.Contiguous } collected } source) return null;
        source.Gradient = null;
        return collected;
    }
}
