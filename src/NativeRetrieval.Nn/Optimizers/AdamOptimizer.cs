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

    /// <summary>An optimizer with moments of zero for every parameter of the groups.</summary>
    /// <exception cref="Core.Errors.OptionException">An option is out of its range.</exception>
    public AdamOptimizer(IEnumerable<ParameterGroup> groups, AdamOptions options)
    {
        options.Validate();
        _options = options;
        foreach (var group in groups)
            foreach (var (name, tensor) in group.Parameters)
                _slots.Add(new Slot(name, tensor, group.RateFactor, group.FirstStep, Moment(tensor), Moment(tensor)));
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
        var ready = _slots.Where(slot => slot.Parameter is { RequiresGradient: true, Gradient: not null }).ToArray();
        Steps++;
        if (ready.Length == 0) return 0;
        Tensor[] gradients = [.. ready.Select(slot => slot.Parameter.Gradient!)];
        using var scale = Op.ClipScale(gradients, _options.MaxGradientNorm ?? double.PositiveInfinity, ClipEpsilon);
        foreach (var group in ready.GroupBy(slot => (slot.RateFactor, slot.FirstStep)))
        {
            var step = new AdamStep(learningRate * group.Key.RateFactor, Steps - group.Key.FirstStep,
                _options.Beta1, _options.Beta2, _options.Epsilon, _options.WeightDecay, _options.Decoupled);
            AdamSlot[] slots = [.. group.Select(slot => new AdamSlot(slot.Parameter, slot.Parameter.Gradient!, slot.First, slot.Second))];
            Op.Adam(slots, step, scale);
        }
        ClearGradients();
        // Read last: on a device that works behind the program, everything is queued before anything is waited for.
        return scale.ToArray<double>()[1];
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

    static Tensor Moment(Tensor parameter) => TensorScope.Detach(Tensor.ZerosLike(parameter));

    sealed record Slot(string Name, Tensor Parameter, double RateFactor, long FirstStep, Tensor First, Tensor Second);
}

/// <summary>Parameters that learn at one multiple of the scheduled rate.</summary>
/// <param name="Parameters">Names are the keys of the optimizer's state in a checkpoint.</param>
/// <param name="RateFactor">Multiplies the learning rate; 0 or more, 1 by default.</param>
/// <param name="FirstStep">
/// Steps of the run before the group's first: those that were unfrozen later start Adam's bias correction there.
/// </param>
public sealed record ParameterGroup(IReadOnlyList<(string Name, Tensor Tensor)> Parameters, double RateFactor = 1, long FirstStep = 0);
