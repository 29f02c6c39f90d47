using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Nn.Optimizers;

/// <summary>Adam with global-norm clipping over groups of parameters. Parameters that do not require a gradient are left alone.</summary>
public sealed class AdamOptimizer : IDisposable
{
    // torch.nn.utils.clip_grad_norm_ divides by norm + 1e-6.
    const double ClipEpsilon = 1e-6;

    readonly AdamOptions _options;
    readonly List<Slot> _slots = [];
    readonly Dictionary<Tensor, Slot> _slotOf = new(ReferenceEqualityComparer.Instance);
    readonly List<GroupKey> _groups;

    /// <summary>An optimizer with moments of zero for every parameter of the groups.</summary>
    /// <exception cref="Core.Errors.OptionException">An option is out of its range, or a parameter is given twice.</exception>
    public AdamOptimizer(IEnumerable<ParameterGroup> groups, AdamOptions options)
    {
        options.Validate();
        _options = options;
        foreach (var group in groups)
            foreach (var (name, tensor) in group.Parameters)
                _slots.Add(new Slot(name, tensor, new(group.RateFactor, group.FirstStep, group.Decays), Moment(tensor), Moment(tensor)));
        foreach (var slot in _slots)
            if (!_slotOf.TryAdd(slot.Parameter, slot))
                throw new Core.Errors.OptionException(
                    $"Adam: {slot.Name} and {_slotOf[slot.Parameter].Name} are the same parameter; give it once");
        _groups = [.. _slots.Select(slot => slot.Group).Distinct()];
    }

    /// <summary>Number of steps taken.</summary>
    public long Steps { get; set; }

    /// <summary>
    /// The moments by parameter name, <c>NAME.first_moment</c> and <c>NAME.second_moment</c>: with <see cref="Steps"/> all of the
    /// state.
    /// </summary>
    public IEnumerable<(string Name, Tensor Tensor)> State() =>
        _slots.SelectMany<Slot, (string, Tensor)>(slot =>
            [($"{slot.Name}.first_moment", slot.First), ($"{slot.Name}.second_moment", slot.Second)]);

    /// <summary>Updates every parameter that has a gradient, and clears the gradients.</summary>
    /// <returns>The global L2 norm of the gradients before clipping.</returns>
    public double Step(double learningRate)
    {
        using var rates = BeginStep(learningRate);
        using var scale = Update(rates);
        // Read last: on a device that works behind the program, everything is queued before anything is waited for.
        return scale?.ToArray<double>()[1] ?? 0;
    }

    /// <summary>Counts a step, whose <see cref="Update"/> follows.</summary>
    /// <returns>float64 [groups, 3] on the parameters' device: the step's numbers of each combination of rate, first step, decay.</returns>
    public Tensor BeginStep(double learningRate)
    {
        Steps++;
        double[] rates = [.. _groups.SelectMany(group => StepOf(group, learningRate).Rates)];
        return Tensor.From(rates, [_groups.Count, 3], _slots[0].Parameter.Device);
    }

    /// <summary>
    /// Updates every parameter that has a gradient, and clears the gradients. Nothing is read, so that it can be part of recorded work.
    /// </summary>
    /// <param name="rates">The result of <see cref="BeginStep"/>.</param>
    /// <returns>float64 [2] of <see cref="Op.ClipScale"/>, the norm second; null where no parameter has a gradient.</returns>
    public Tensor? Update(Tensor rates)
    {
        using var update = BeginUpdate(rates);
        return update.Finish();
    }

    /// <summary>An update that begins within a backward pass; <see cref="Update"/> is the same in one call behind it.</summary>
    /// <param name="rates">The result of <see cref="BeginStep"/>; it must live until the update is finished.</param>
    public AdamUpdate BeginUpdate(Tensor rates) => new(this, rates);

    /// <summary>True where gradients are clipped by their global norm: no parameter is updated before all gradients are complete.</summary>
    internal bool Clips => _options.MaxGradientNorm is not null;

    /// <summary>True for a parameter of this optimizer.</summary>
    internal bool Has(Tensor parameter) => _slotOf.ContainsKey(parameter);

    /// <summary>All of the optimizer's parameters that have a gradient.</summary>
    internal IEnumerable<Tensor> Ready =>
        _slots.Select(slot => slot.Parameter).Where(parameter => parameter is { RequiresGradient: true, Gradient: not null });

    /// <summary>Updates parameters that have a gradient, and frees the gradients.</summary>
    /// <returns>float64 [2] of <see cref="Op.ClipScale"/> over these.</returns>
    internal Tensor Apply(IReadOnlyCollection<Tensor> parameters, Tensor rates)
    {
        using var scope = TensorScope.Begin();
        Tensor[] gradients = [.. parameters.Select(parameter => parameter.Gradient!)];
        var scale = Op.ClipScale(gradients, _options.MaxGradientNorm ?? double.PositiveInfinity, ClipEpsilon);
        foreach (var group in parameters.Select(parameter => _slotOf[parameter]).GroupBy(slot => slot.Group))
        {
            AdamSlot[] slots = [.. group.Select(slot => new AdamSlot(slot.Parameter, slot.Parameter.Gradient!, slot.First, slot.Second))];
            Op.Adam(slots, StepOf(group.Key, learningRate: 0), scale, rates.Rows(_groups.IndexOf(group.Key), 1).Reshape([3]));
        }
        foreach (var parameter in parameters) parameter.ClearGradient();
        return scope.Return(scale);
    }

    /// <summary>Frees the collected gradients of all parameters.</summary>
    public void ClearGradients()
    {
        foreach (var slot in _slots) slot.Parameter.ClearGradient();
    }

    /// <summary>Frees the moments; the parameters stay.</summary>
    public void Dispose()
    {
        foreach (var slot in _slots)
        {
            slot.First.Dispose();
            slot.Second.Dispose();
        }
    }

    /// <summary>The step that is being taken; a group whose first is still to come has none yet, and takes no part.</summary>
    AdamStep StepOf(GroupKey group, double learningRate) =>
        new(learningRate * group.RateFactor, Math.Max(1, Steps - group.FirstStep), _options.Beta1, _options.Beta2, _options.Epsilon,
            group.Decays ? _options.WeightDecay : 0, _options.Decoupled);

    static Tensor Moment(Tensor parameter) => TensorScope.Detach(Tensor.ZerosLike(parameter));

    readonly record struct GroupKey(double RateFactor, long FirstStep, bool Decays);

    sealed record Slot(string Name, Tensor Parameter, GroupKey Group, Tensor First, Tensor Second);
}

/// <summary>Parameters that learn at one multiple of the scheduled rate.</summary>
/// <param name="Parameters">Names are the keys of the optimizer's state in a checkpoint.</param>
/// <param name="RateFactor">Multiplies the learning rate; 0 or more, 1 by default.</param>
/// <param name="FirstStep">
/// Steps of the run before the group's first: those that were unfrozen later start Adam's bias correction there.
/// </param>
/// <param name="Decays">False: <see cref="AdamOptions.WeightDecay"/> leaves them alone.</param>
public sealed record ParameterGroup(IReadOnlyList<(string Name, Tensor Tensor)> Parameters, double RateFactor = 1, long FirstStep = 0,
    bool Decays = true);
