using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Nn.Optimizers;

/// <summary>
/// One update by <see cref="AdamOptimizer"/> that begins within the backward pass. Without clipping, each parameter is updated as soon as
/// its own gradient is complete, and the gradient is freed: not all of them are in memory together. Values and moments are those of an
/// update after the pass, to the last bit.
/// <code>
/// using var update = optimizer.BeginUpdate(rates);
/// tape.Backward(loss, settled: update.Settled);
/// var norm = update.Finish();
/// </code>
/// </summary>
public sealed class AdamUpdate : IDisposable
{
    /// <summary>Elements of an update on a device that works behind the program: few kernels are launched, few gradients kept.</summary>
    const long EnoughElements = 4 << 20;

    readonly AdamOptimizer _optimizer;
    readonly Tensor _rates;
    readonly List<Tensor> _waiting = [];
    readonly List<Tensor> _scales = [];
    long _elements;

    internal AdamUpdate(AdamOptimizer optimizer, Tensor rates) => (_optimizer, _rates) = (optimizer, rates);

    /// <summary>
    /// Nothing more is added to the gradient of a parameter: the <c>settled</c> of <see cref="Tape.Backward"/>. Where gradients are
    /// clipped, all wait for <see cref="Finish"/>.
    /// </summary>
    public void Settled(Tensor parameter)
    {
        if (_optimizer.Clips || parameter.Gradient is null || !_optimizer.Has(parameter)) return;
        _waiting.Add(parameter);
        _elements += parameter.Count;
        if (_elements >= EnoughElements || !parameter.Device.WorksBehind) Apply(_waiting);
    }

    /// <summary>Updates every parameter that still has a gradient, and clears the gradients. Nothing is read.</summary>
    /// <returns>
    /// float64 [2] of <see cref="Op.ClipScale"/>, the norm of all gradients of the update second; null where no parameter had one.
    /// </returns>
    public Tensor? Finish()
    {
        Tensor[] left = [.. _optimizer.Ready];
        if (left.Length > 0) Apply(left);
        if (_scales.Count == 0) return null;
        using var scope = TensorScope.Begin();
        // The norm of all is the norm of the parts' norms.
        var scale = _scales.Count == 1 ? _scales[0].Clone() : Op.ClipScale([.. _scales.Select(part => part.Rows(1, 1))]);
        return scope.Return(scale);
    }

    /// <summary>Frees what an update that was not finished has left; gradients stay.</summary>
    public void Dispose()
    {
        foreach (var scale in _scales) scale.Dispose();
        _scales.Clear();
    }

    void Apply(IReadOnlyCollection<Tensor> parameters)
    {
        _scales.Add(TensorScope.Detach(_optimizer.Apply(parameters, _rates)));
        _waiting.Clear();
        _elements = 0;
    }
}
