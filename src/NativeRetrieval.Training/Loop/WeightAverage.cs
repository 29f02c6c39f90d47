using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Training.Loop;

/// <summary>
/// Exponential moving average of a model's weights over the optimizer steps: <c>a ← d·a + (1 − d)·w</c>, d = min(decay, (1 + n)/(10 + n))
/// after n steps, so that a short run's average is not its starting point. Running statistics of batch norms are averaged as weights are.
/// What is not trained stays exactly as it is. It takes the memory of the model once more.
/// </summary>
internal sealed class WeightAverage : IDisposable
{
    readonly List<(string Name, Tensor Weight, Tensor Average)> _items = [];
    readonly double _decay;

    /// <param name="state">Parameters and buffers; their present values are the average's first.</param>
    public WeightAverage(IEnumerable<(string Name, Tensor Tensor)> state, double decay)
    {
        _decay = decay;
        foreach (var (name, tensor) in state)
        {
            var average = TensorScope.Detach(tensor.Clone());
            _items.Add((name, tensor, average));
        }
    }

    public IEnumerable<(string Name, Tensor Tensor)> State() => _items.Select(item => (item.Name, item.Average));

    /// <param name="steps">Optimizer steps taken, from 1.</param>
    public void Update(long steps)
    {
        double share = 1 - Math.Min(_decay, (1.0 + steps) / (10.0 + steps));
        foreach (var (_, weight, average) in _items) Op.MoveTowards(average, weight, share);
    }

    /// <summary>Puts the average into the model until the result is disposed.</summary>
    public IDisposable InUse()
    {
        Exchange();
        return new Return(this);
    }

    public void Dispose()
    {
        foreach (var (_, _, average) in _items) average.Dispose();
    }

    void Exchange()
    {
        using var scope = TensorScope.Begin();
        foreach (var (_, weight, average) in _items)
        {
            using var kept = weight.Clone();
            weight.CopyFrom(average);
            average.CopyFrom(kept);
        }
    }

    sealed class Return(WeightAverage average) : IDisposable
    {
        bool _done;

        public void Dispose()
        {
            if (!_done) average.Exchange();
            _done = true;
        }
    }
}
