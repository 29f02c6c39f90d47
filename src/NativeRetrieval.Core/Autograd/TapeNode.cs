using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Autograd;

/// <summary>One recorded operation: its inputs' sources, what backward needs, and the gradient collected so far.</summary>
internal sealed class TapeNode(Tape tape, string op, Source[] inputs, Tensor[] saved, object? state,
    Func<BackwardContext, Tensor?[]> backward)
{
    public Tape Tape => tape;

    public Source[] Inputs => inputs;

    public Tensor[] Saved => saved;

    public object? State => state;

    /// <summary>∂loss/∂output, owned by the node; null while nothing has reached it.</summary>
    public Tensor? Gradient { get; set; }

    /// <summary>The output of the node that a walk backwards begins with, whose gradient is 1; null for others.</summary>
    public LossOutput? Loss { get; set; }

    /// <summary>∂loss/∂input for each input, as the rule returns them; null where there is none.</summary>
    public Tensor?[] Backward()
    {
        var gradients = backward(new BackwardContext(this));
        if (gradients.Length != inputs.Length)
            throw new ShapeException($"{op}: its backward rule returned {gradients.Length} gradients for {inputs.Length} inputs");
        for (int i = 0; i < gradients.Length; i++)
            if (gradients[i] is { } gradient && !inputs[i].Fits(gradient))
                throw new ShapeException(
                    $"{op}: its backward rule returned {gradient.Describe()} for input {i}, which is {inputs[i].Describe()}");
        return gradients;
    }

    public void Free()
    {
        foreach (var tensor in saved) tensor.Dispose();
        Gradient?.Dispose();
        Gradient = null;
    }
}

/// <summary>A loss of one element.</summary>
internal readonly record struct LossOutput(Shape Shape, DType DType, Device Device)
{
    /// <summary>Its gradient, made where a rule asks for it.</summary>
    public Tensor One() => Op.Full(Shape, 1, Device, DType).Share();
}

/// <summary>The origin of an input: an earlier node, a leaf that wants its gradient, or (both null) neither.</summary>
internal readonly record struct Source(Shape Shape, DType DType, Device Device, TapeNode? Node, Tensor? Leaf)
{
    public bool WantsGradient => Node is not null || Leaf is not null;

    public bool Fits(Tensor gradient) => gradient.Shape == Shape && gradient.DType == DType && gradient.Device == Device;

    public string Describe() => $"{DType} {Shape} on {Device}";
}
