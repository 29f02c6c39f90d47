using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Distributed;

/// <summary>
/// Sums the gradients of parameters over the ranks while a backward pass goes on: gradients are gathered in buckets, and a bucket's sum is
/// begun as soon as its last gradient is settled (Li et al. 2020, "PyTorch Distributed"). Buckets go in one order on every rank, whatever
/// a rank computes; a rank that has no gradient adds zeros.
/// <code>
/// reducer.Begin();
/// tape.Backward(loss, settled: reducer.Settled);
/// reducer.Finish();                      // parameter.Gradient holds the sum over the ranks
/// </code>
/// Memory holds all gradients once more.
/// </summary>
public sealed class GradientReducer : IDisposable
{
    /// <summary>Bytes of a bucket: enough for a network's full rate, few enough for many of them behind a pass.</summary>
    public const long DefaultBucketBytes = 25 << 20;

    readonly IProcessGroup _group;
    readonly List<Bucket> _buckets = [];
    readonly Dictionary<Tensor, Bucket> _bucketOf = new(ReferenceEqualityComparer.Instance);
    int _begun;

    /// <param name="parameters">
    /// All parameters whose gradients are summed, best in the order in which a backward pass settles them; the same on every rank.
    /// </param>
    /// <param name="bucketBytes">A bucket is closed once it has so many bytes; above 0.</param>
    public GradientReducer(IProcessGroup group, IEnumerable<Tensor> parameters, long bucketBytes = DefaultBucketBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bucketBytes);
        _group = group;
        var open = new List<Tensor>();
        foreach (var parameter in parameters)
        {
            if (open.Count > 0 && (parameter.DType != open[0].DType || open.Sum(tensor => tensor.SizeBytes) >= bucketBytes)) Close();
            open.Add(parameter);
        }
        if (open.Count > 0) Close();

        void Close()
        {
            var bucket = new Bucket([.. open]);
            _buckets.Add(bucket);
            foreach (var tensor in open) _bucketOf.Add(tensor, bucket);
            open.Clear();
        }
    }

    /// <summary>Number of buckets.</summary>
    public int Buckets => _buckets.Count;

    /// <summary>Makes ready for a pass.</summary>
    public void Begin()
    {
        _begun = 0;
        foreach (var bucket in _buckets) bucket.Begin();
    }

    /// <summary>Takes note that nothing more is added to a parameter's gradient, and begins the sums that this allows.</summary>
    /// <param name="parameter">A leaf of a tape; one that is no parameter of this reducer is ignored.</param>
    public void Settled(Tensor parameter)
    {
        if (!_bucketOf.TryGetValue(parameter, out var bucket)) return;
        bucket.Missing--;
        while (_begun < _buckets.Count && _buckets[_begun].Missing == 0) _buckets[_begun++].Start(_group);
    }

    /// <summary>
    /// Begins the sums that are still to come, waits for all, and replaces each gradient by its sum. A parameter that has a gradient on no
    /// rank has none afterwards.
    /// </summary>
    /// <exception cref="Errors.DistributedException">A rank failed.</exception>
    public void Finish()
    {
        while (_begun < _buckets.Count) _buckets[_begun++].Start(_group);
        foreach (var bucket in _buckets) bucket.Finish();
    }

    /// <summary>Frees the buckets; the parameters and their gradients stay.</summary>
    public void Dispose()
    {
        foreach (var bucket in _buckets) bucket.Dispose();
    }

    /// <summary>Gradients in memory order, one behind the other, and behind them the number of ranks that have each.</summary>
    sealed class Bucket : IDisposable
    {
        readonly Tensor[] _parameters;
        readonly Tensor _sums;
        readonly Tensor _one;
        ICollectiveWork? _work;
        bool[] _elsewhere = [];

        public Bucket(Tensor[] parameters)
        {
            _parameters = parameters;
            var (device, dtype) = (parameters[0].Device, parameters[0].DType);
            long count = parameters.Sum(tensor => tensor.StoredCount) + parameters.Length;
            _sums = TensorScope.Detach(Tensor.Empty([checked((int)count)], device, dtype));
            _one = TensorScope.Detach(Ops.Op.Full([1], 1, device, dtype));
        }

        /// <summary>Parameters whose gradients are not settled.</summary>
        public int Missing { get; set; }

        public void Begin() => (Missing, _work) = (_parameters.Length, null);

        public void Start(IProcessGroup group)
        {
            var device = _sums.Device;
            nint at = _sums.Address, present = Presence(0);
            foreach (var parameter in _parameters)
            {
                if (parameter.Gradient is { } gradient)
                {
                    device.Copy(gradient.Address, at, gradient.SizeBytes);
                    device.Copy(_one.Address, present, _one.SizeBytes);
                }
                else
                {
                    device.Clear(at, parameter.SizeBytes);
                    device.Clear(present, _one.SizeBytes);
                }
                at += (nint)parameter.SizeBytes;
                present += (nint)_one.SizeBytes;
            }
            _work = group.AllReduce(_sums);
        }

        public void Finish()
        {
            _work!.Wait();
            // Read only where a gradient is absent here: a device that works behind the program is not waited for otherwise.
            // Recorded work cannot read, and does what it did when it came before: the same parameters have gradients.
            bool isComplete = _parameters.All(parameter => parameter.Gradient is not null);
            if (!isComplete && !_sums.Device.IsRecorded) _elsewhere = Presence();
            nint at = _sums.Address;
            for (int i = 0; i < _parameters.Length; i++)
            {
                var parameter = _parameters[i];
                if (parameter.Gradient is null && _elsewhere[i]) parameter.Gradient = TensorScope.Detach(Tensor.EmptyLike(parameter));
                if (parameter.Gradient is { } gradient) _sums.Device.Copy(at, gradient.Address, gradient.SizeBytes);
                at += (nint)parameter.SizeBytes;
            }
        }

        public void Dispose()
        {
            _sums.Dispose();
            _one.Dispose();
        }

        nint Presence(int parameter) => _sums.Address + (nint)_sums.SizeBytes - (nint)((_parameters.Length - parameter) * _one.SizeBytes);

        bool[] Presence()
        {
            using var counts = _sums.Rows(_sums.Shape[0] - _parameters.Length, _parameters.Length);
            return counts.DType == DType.Float64 ? [.. counts.ToArray<double>().Select(count => count > 0)]
                : [.. counts.ToArray<float>().Select(count => count > 0)];
        }
    }
}
