using System.Runtime.CompilerServices;
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
/// Backward is one walk over a list, without recursion, at any depth. Where branches join, that of the first input is walked to its end
/// before the next one begins, and each node's saved tensors are freed as the walk passes it: the values that one encoder saved are gone
/// before the gradients of the other's parameters come. A tape belongs to the thread that began it.
/// </summary>
public sealed class Tape : IDisposable
{
    [ThreadStatic] static Tape? t_current;

    readonly Tape? _outer;
    readonly List<TapeNode> _nodes = [];

    Tape(Tape? outer) => _outer = outer;

    /// <summary>Starts recording on this thread until the tape is disposed; a tape that recorded before goes on after that.</summary>
    public static Tape Begin() => t_current = new Tape(t_current);

    /// <summary>
    /// Adds ∂loss/∂leaf to the <see cref="Tensor.Gradient"/> of every leaf that requires it. Consumes the recording: a tape is played once.
    /// </summary>
    /// <param name="loss">A result recorded on this tape.</param>
    /// <param name="seed">∂objective/∂loss, of the loss's shape; null: 1 for a one-element loss.</param>
    /// <param name="settled">
    /// Called once for each leaf that the tape has seen, on this thread, as soon as nothing more will be added to its gradient, which is
    /// null where none reached it; the walk goes on after that. Leaves settle in the same order wherever the same operations were recorded.
    /// </param>
    /// <exception cref="NativeRetrievalException">
    /// The loss was not recorded on this tape, or nothing that it depends on requires a gradient.
    /// </exception>
    /// <exception cref="ShapeException">
    /// The seed does not fit the loss, or a backward rule returned a wrong number, shape, dtype or device.
    /// </exception>
    public void Backward(Tensor loss, Tensor? seed = null, Action<Tensor>? settled = null)
    {
        if (loss.Producer is not { } root || root.Tape != this)
            throw new NativeRetrievalException(
                "Backward: the loss was not recorded on this tape, or depends on no tensor that requires a gradient");
        if (seed is null && loss.Count != 1)
            throw new ShapeException($"Backward: a loss {loss.Shape} needs a seed gradient; only a one-element loss has a default");
        if (seed is not null && seed.Shape != loss.Shape)
            throw new ShapeException($"Backward: the seed gradient must have the loss's shape {loss.Shape}, got {seed.Shape}");

        Arrange(root);
        var firstUse = settled is null ? [] : FirstUses();
        var recording = t_current;
        t_current = null; // Backward rules use ordinary ops: they must not be recorded.
        try
        {
            if (seed is null) root.Loss = new(loss.Shape, loss.DType, loss.Device);
            else root.Gradient = seed.Share();
            for (int i = _nodes.Count - 1; i >= 0; i--)
            {
                if (_nodes[i].Gradient is not null || _nodes[i].Loss is not null) Propagate(_nodes[i]);
                _nodes[i].Free();
                if (settled is not null)
                    foreach (var input in _nodes[i].Inputs)
                        if (input.Leaf is { } leaf && firstUse.TryGetValue(leaf, out int use) && use == i && firstUse.Remove(leaf))
                            settled(leaf);
                _nodes.RemoveAt(i);
            }
        }
        finally
        {
            t_current = recording;
        }
    }

    /// <summary>
    /// Puts the nodes in the order whose reverse is the walk: depth first from the loss, sources before what is made of them. Nodes that
    /// the loss does not depend on come last, to be freed at once.
    /// </summary>
    void Arrange(TapeNode root)
    {
        var arranged = new List<TapeNode>(_nodes.Count);
        var unseen = new HashSet<TapeNode>(_nodes, ReferenceEqualityComparer.Instance);
        var path = new Stack<(TapeNode Node, int Left)>();
        Enter(root);
        while (path.TryPop(out var place))
        {
            var (node, left) = place;
            if (left == 0)
            {
                arranged.Add(node);
                continue;
            }
            path.Push((node, left - 1));
            // From the last input to the first, as the list is walked backwards.
            if (node.Inputs[left - 1].Node is { } source) Enter(source);
        }
        arranged.AddRange(_nodes.Where(unseen.Contains));
        _nodes.Clear();
        _nodes.AddRange(arranged);

        void Enter(TapeNode node)
        {
            if (unseen.Remove(node)) path.Push((node, node.Inputs.Length));
        }
    }

    /// <summary>The first node that takes each leaf, the last one of a walk backwards that adds to its gradient.</summary>
    Dictionary<Tensor, int> FirstUses()
    {
        var first = new Dictionary<Tensor, int>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < _nodes.Count; i++)
            foreach (var input in _nodes[i].Inputs)
                if (input.Leaf is { } leaf) first.TryAdd(leaf, i);
        return first;
    }

    /// <summary>Ends the recording and frees what it saved.</summary>
    public void Dispose()
    {
        if (t_current == this) t_current = _outer;
        foreach (var node in _nodes) node.Free();
        _nodes.Clear();
    }

    /// <summary>
    /// Puts an operation on the tape that records on this thread and returns its output: the last line of every differentiable op, and
    /// of a host's own. Nothing is kept when no tape records or no input leads to a tensor that requires a gradient.
    /// <code>
    /// var y = Tensor.From(values, x.Shape, x.Device);                  // y = f(x), computed by any means
    /// return Tape.Record(y, [x], saved: [x], state: null, static ctx =&gt; [Gradient(ctx.OutputGradient, ctx.Saved[0])]);
    /// </code>
    /// </summary>
    /// <param name="output">The result: a tensor of its own or a new view, neither an input nor recorded before. One per operation.</param>
    /// <param name="inputs">The tensors that backward returns gradients for, in order.</param>
    /// <param name="saved">
    /// The tensors that backward reads. The tape shares their memory until it has passed this operation, so their handles may be
    /// disposed, but their values must not change before that.
    /// </param>
    /// <param name="state">Non-tensor values that backward needs, or null.</param>
    /// <param name="backward">
    /// The backward rule, best a static lambda: it returns ∂loss/∂input for each input, in the input's shape and dtype, or null where
    /// <see cref="BackwardContext.Wants"/> says no. It runs once, on the thread of <see cref="Backward"/>, inside a scope that frees
    /// what it makes; its own ops are not recorded. It may return <see cref="BackwardContext.OutputGradient"/> itself or a view of it.
    /// </param>
    /// <param name="op">The operation's name, for messages.</param>
    /// <exception cref="NativeRetrievalException">The output is an input or is recorded already.</exception>
    public static Tensor Record(Tensor output, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> saved, object? state,
        Func<BackwardContext, Tensor?[]> backward, [CallerMemberName] string op = "") =>
        Record<object?>(output, inputs, saved, state, backward, op);

    /// <inheritdoc cref="Record(Tensor, ReadOnlySpan{Tensor}, ReadOnlySpan{Tensor}, object, Func{BackwardContext, Tensor[]}, string)"/>
    /// <remarks>A state that is no object becomes one only where the operation is recorded.</remarks>
    public static Tensor Record<TState>(Tensor output, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> saved, TState state,
        Func<BackwardContext, Tensor?[]> backward, [CallerMemberName] string op = "")
    {
        if (t_current is not { } tape) return output;
        var sources = new Source[inputs.Length];
        bool wanted = false;
        for (int i = 0; i < inputs.Length; i++)
        {
            var (node, leaf) = inputs[i].Producer is { } producer && producer.Tape == tape ? (producer, null)
                : inputs[i].RequiresGradient ? ((TapeNode?)null, (Tensor?)inputs[i]) : default;
            sources[i] = new(inputs[i].Shape, inputs[i].DType, inputs[i].Device, node, leaf);
            wanted |= sources[i].WantsGradient;
        }
        if (!wanted) return output;
        if (output.Producer?.Tape == tape || inputs.Contains(output))
            throw new NativeRetrievalException($"{op}: the output is an input or is recorded already; record a new tensor or a new view");

        var kept = new Tensor[saved.Length];
        for (int i = 0; i < kept.Length; i++) kept[i] = saved[i].Share();
        output.Producer = new TapeNode(tape, op, sources, kept, state, backward);
        tape._nodes.Add(output.Producer);
        return output;
    }

    /// <summary>
    /// True where the tape that records now would give <paramref name="tensor"/> a gradient: layers then keep what backward needs.
    /// </summary>
    public static bool Follows(Tensor tensor) =>
        t_current is { } tape && (tensor.RequiresGradient || tensor.Producer?.Tape == tape);

    static void Propagate(TapeNode node)
    {
        using var scope = TensorScope.Begin();
        var gradients = node.Backward();
        for (int i = 0; i < gradients.Length; i++)
        {
            if (gradients[i] is not { } gradient) continue;
            if (node.Inputs[i].Node is { } source) source.Gradient = Sum(source.Gradient, gradient);
            else if (node.Inputs[i].Leaf is { } leaf)
                leaf.Gradient = leaf.Gradient is null ? OwnCopy(gradient) : Sum(leaf.Gradient, gradient);
        }
    }

    /// <summary>A gradient that nobody else will see change: optimizers scale and clip a leaf's gradient in place.</summary>
    static Tensor OwnCopy(Tensor gradient) => (gradient.IsExclusive ? gradient : gradient.Clone()).Share();

    /// <summary>
    /// Adds in place where the collected gradient is nobody else's; a gradient handed through unchanged is shared, not copied.
    /// </summary>
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
