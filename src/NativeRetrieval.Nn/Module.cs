using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Nn;

/// <summary>
/// A named tree of parameters and buffers. Names are PyTorch's, joined by dots (<c>conv_block1.bn1.weight</c>), so that checkpoints map
/// one to one. A module owns its tensors.
/// </summary>
public abstract class Module : IDisposable
{
    readonly List<(string Name, Tensor Tensor)> _parameters = [];
    readonly List<(string Name, Tensor Tensor)> _buffers = [];
    readonly List<(string Name, Module Module)> _children = [];

    /// <summary>Learned tensors of this module and all below it, in a fixed order.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Parameters(string prefix = "") => Walk(prefix, static module => module._parameters);

    /// <summary>Tensors that are saved but not learned, such as running statistics.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Buffers(string prefix = "") => Walk(prefix, static module => module._buffers);

    /// <summary>Everything a checkpoint of this module holds.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State(string prefix = "") => Parameters(prefix).Concat(Buffers(prefix));

    /// <summary>The modules right below this one, with their names.</summary>
    internal IReadOnlyList<(string Name, Module Module)> Children => _children;

    /// <summary>Tensors that a checkpoint holds of this module alone.</summary>
    internal IEnumerable<(string Name, Tensor Tensor)> OwnState => _parameters.Concat(_buffers);

    /// <summary>
    /// False after <see cref="SetTrainable"/> has excluded this module: its encoder then runs it as in evaluation, without dropout and
    /// with stored statistics.
    /// </summary>
    public bool IsTrainable { get; private set; } = true;

    /// <summary>Excludes every parameter of this module and below from training, or includes them again.</summary>
    public void SetTrainable(bool trainable)
    {
        IsTrainable = trainable;
        foreach (var (_, tensor) in _parameters) tensor.RequiresGradient = trainable;
        foreach (var (_, child) in _children) child.SetTrainable(trainable);
    }

    /// <summary>
    /// Puts the weights of linear layers, in this module and below, into the order in which products read them, in place: on the CPU,
    /// sentences take less time. Their layers can then be evaluated and saved as before, but neither trained nor rounded to 8 bits.
    /// </summary>
    public void ForInference()
    {
        ArrangeWeights();
        foreach (var (_, child) in _children) child.ForInference();
    }

    /// <summary>Arranges the linear weights of this module alone (<see cref="Tensor.TryArrange"/>).</summary>
    protected virtual void ArrangeWeights()
    {
    }

    /// <summary>Frees the tensors of this module and of all below it.</summary>
    public void Dispose()
    {
        foreach (var (_, tensor) in State()) tensor.Dispose();
        ReleaseDerived();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Frees what evaluation derived from the parts that are trained, whose weights change with the next step. What is derived from frozen
    /// parts stays.
    /// </summary>
    public void ReleaseTrained()
    {
        if (IsWhollyTrainable) ReleaseDerived();
        else foreach (var (_, child) in _children) child.ReleaseTrained();
    }

    bool IsWhollyTrainable => IsTrainable && _children.TrueForAll(item => item.Module.IsWhollyTrainable);

    /// <summary>Frees what was derived from the parameters, such as packed weights.</summary>
    protected virtual void ReleaseDerived()
    {
        foreach (var (_, child) in _children) child.ReleaseDerived();
    }

    /// <summary>Adds a learned tensor; it leaves the tensor scope, if any.</summary>
    protected Tensor Parameter(string name, Tensor value)
    {
        TensorBudget.Charge(value);
        TensorScope.Detach(value).RequiresGradient = true;
        _parameters.Add((name, value));
        return value;
    }

    /// <summary>Adds a saved but not learned tensor.</summary>
    protected Tensor Buffer(string name, Tensor value)
    {
        TensorBudget.Charge(value);
        _buffers.Add((name, TensorScope.Detach(value)));
        return value;
    }

    /// <summary>Adds a module below this one, whose names it puts <paramref name="name"/> and a dot before.</summary>
    /// <returns><paramref name="module"/>.</returns>
    protected T Child<T>(string name, T module) where T : Module
    {
        _children.Add((name, module));
        return module;
    }

    IEnumerable<(string, Tensor)> Walk(string prefix, Func<Module, List<(string Name, Tensor Tensor)>> select)
    {
        foreach (var (name, tensor) in select(this)) yield return (prefix + name, tensor);
        foreach (var (name, child) in _children)
            foreach (var pair in child.Walk($"{prefix}{name}.", select))
                yield return pair;
    }
}
