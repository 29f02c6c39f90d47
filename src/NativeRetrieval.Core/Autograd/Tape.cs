using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Autograd;

/// <summary>
/// Records the operations of its thread and plays them backwards.
/// <code>
/// using var tape = Tape.Begin();
/// var loss = model.Loss(batch);
/// tape.Backward(loss);                   // parameter.Gradient now holds ∂loss/∂parameter
/// </code>
/// The order of recording is a topological order, so backward is one walk over a list: no recursion, any depth.
/// Each node's saved tensors are freed as the walk passes it.
/// </summary>
public sealed class Tape : IDisposable
{
    [ThreadStatic] static Tape? t_current;

    readonly Tape? _outer;
    readonly List<TapeNode> _nodes = [];

    Tape(Tape? outer) => _outer = outer;

    /// <summary>Starts recording on this thread until the tape is disposed.</summary>
    public static Tape Begin() => t_current = new Tape(t_current);

    /// <summary>
    /// Adds ∂loss/∂leaf to the <see cref="Tensor.Gradient"/> of every leaf that requires it. Consumes the recording: a tape is played once.
    /// </summary>
    /// <param name="loss">A result recorded on this tape.</param>
    /// <param name="seed">∂objective/∂loss, of the loss's shape; null: 1 for a one-element loss.</param>
    public void Backward(Tensor loss, Tensor? seed = null)
    {
        if (loss.Producer is not { } root || root.Tape != this)
            throw new NativeRetrievalException("Backward: the loss was not recorded on this tape, or depends on no tensor that requires a gradient");
        if (seed is null && loss.Count != 1)
            throw new ShapeException($"Backward: a loss {loss.Shape} needs a seed gradient; only a one-element loss has a default");

        var recording = t_current;
        t_current = null; // backward rules use ordinary ops: they must not be recorded
        try
        {
            root.Gradient = seed is null ? Op.Full(loss.Shape, 1, loss.Device, loss.DType).Share() : seed.Share();
            for (int i = _nodes.Count - 1; i >= 0; i--)
            {
                if (_nodes[i].Gradient is not null) Propagate(_nodes[i]);
                _nodes[i].Free();
                _nodes.RemoveAt(i);
            }
        }
        finally
        {
            t_current = recording;
        }
    }

    public void Dispose()
    {
        if (t_current == this) t_current = _outer;
        foreach (var node in _nodes) node.Free();
        _nodes.Clear();
    }

    /// <summary>
    /// Puts an operation on the current tape and returns its output. Nothing is kept when no tape records or no input leads to a
    /// tensor that requires a gradient.
    /// </summary>
    /// <param name="output">The result; one per operation.</param>
    /// <param name="inputs">The tensors that backward returns gradients for, in order.</param>
    /// <param name="saved">The tensors that backward reads; the tape shares their memory until it has passed this node.</param>
    /// <param name="state">Non-tensor values that backward needs.</param>
    /// <param name="backward">Static: returns ∂loss/∂input per input, null where <see cref="BackwardContext.Wants"/> says no.</param>
    internal static Tensor Record(Tensor output, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> saved, object? state,
        Func<BackwardContext, Tensor?[]> backward)
    {
        if (t_current is not { } tape) return output;
        var sources = new Source[inputs.Length];
        bool wanted = false;
        for (int i = 0; i < inputs.Length; i++)
        {
            sources[i] = inputs[i].Producer is { } node && node.Tape == tape ? new(node, null)
                : inputs[i].RequiresGradient ? new(null, inputs[i]) : default;
            wanted |= sources[i].WantsGradient;
        }
        if (!wanted) return output;

        var kept = new Tensor[saved.Length];
        for (int i = 0; i < kept.Length; i++) kept[i] = saved[i].Share();
        output.Producer = new TapeNode(tape, sources, kept, state, backward);
        tape._nodes.Add(output.Producer);
        return output;
    }

    /// <summary>Whether <paramref name="tensor"/> would get a gradient from the tape that records now: layers then keep what backward needs.</summary>
    public static bool Follows(Tensor tensor) =>
        t_current is { } tape && (tensor.RequiresGradient || tensor.Producer?.Tape == tape);

    static void Propagate(TapeNode node)
    {
        using var scope = TensorScope.Begin();
        var gradients = node.Backward(new BackwardContext(node, node.Gradient!));
        if (gradients.Length != node.Inputs.Length)
            throw new InvalidOperationException($"a backward rule returned {gradients.Length} gradients for {node.Inputs.Length} inputs");
        for (int i = 0; i < gradients.Length; i++)
        {
            if (gradients[i] is not { } gradient) continue;
            if (node.Inputs[i].Node is { } source) source.Gradient = Sum(source.Gradient, gradient);
            else if (node.Inputs[i].Leaf is { } leaf)
            {
                if (leaf.Shape != gradient.Shape)
                    throw new InvalidOperationException($"a backward rule returned {gradient.Shape} for a leaf {leaf.Shape}");
                leaf.Gradient = leaf.Gradient is null ? OwnCopy(gradient) : Sum(leaf.Gradient, gradient);
            }
        }
    }

    /// <summary>A gradient that nobody else will see change: optimizers scale and clip a leaf's gradient in place.</summary>
    static Tensor OwnCopy(Tensor gradient) => (gradient.IsExclusive ? gradient : gradient.Clone()).Share();

    /// <summary>Adds in place where the collected gradient is nobody else's; a gradient handed through unchanged is shared, not copied.</summary>
    static Tensor Sum(Tensor? collected, Tensor gradient)
    {
        if (collected is null) return gradient.Share();
        if (collected.IsExclusive)
        {
            Op.AddInPlace(collected, gradient);
            return collected;
        }
        var sum = Op.Add(collected, gradient).Share();
        collected.Dispose();
        return sum;
    }
}
