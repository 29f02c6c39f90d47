using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Nn.Layers;

/// <summary>Batch normalisation with PyTorch's names, starting values and momentum.</summary>
public sealed class BatchNorm : Module
{
    readonly Lock _lock = new();
    readonly int _axis;
    readonly bool _relu;
    (Tensor Scale, Tensor Shift)? _folded;
    (int Weight, int Bias, int Mean, int Variance) _version;

    /// <summary>A layer with γ = <paramref name="gain"/>, β = 0, mean 0 and variance 1.</summary>
    /// <param name="channels">Size of the normalised axis.</param>
    /// <param name="axis">1: channels of [N, C, H, W]; 3: mel bins of [N, 1, T, F].</param>
    /// <param name="relu">Follow with max(·, 0) in the same pass.</param>
    /// <param name="gain">Starting value of γ.</param>
    public BatchNorm(int channels, Device device, DType dtype, int axis = 1, bool relu = false, double gain = 1)
    {
        (_axis, _relu) = (axis, relu);
        Weight = Parameter("weight", Op.Full([channels], gain, device, dtype));
        Bias = Parameter("bias", Tensor.Zeros([channels], device, dtype));
        RunningMean = Buffer("running_mean", Tensor.Zeros([channels], device, dtype));
        RunningVariance = Buffer("running_var", Op.Full([channels], 1, device, dtype));
    }

    /// <summary>γ, [C].</summary>
    public Tensor Weight { get; }

    /// <summary>β, [C].</summary>
    public Tensor Bias { get; }

    /// <summary>Moving average of the batches' means, [C].</summary>
    public Tensor RunningMean { get; }

    /// <summary>Moving average of the batches' variances (divisor N − 1), [C].</summary>
    public Tensor RunningVariance { get; }

    /// <summary><c>y = γ·(x − μ)/√(σ² + ε) + β</c> over each channel, then max(·, 0) where the layer was made with <c>relu</c>.</summary>
    /// <param name="x">[N, C, H, W], in the device's layout of feature maps, or [N, 1, T, F] for mel bins.</param>
    /// <param name="lengths">int32 [N], own frames of each clip; null: all.</param>
    /// <param name="pass">Null: running statistics, as frozen encoders use them.</param>
    public Tensor Forward(Tensor x, Tensor? lengths, TrainingPass? pass) =>
        Normalise(x, lengths, pass, _relu);

    /// <summary>This layer behind a convolution of one channel, by <see cref="Op.Conv2dBatchNorm"/>.</summary>
    /// <param name="x">[N, 1, H, W], the convolution's input, contiguous.</param>
    /// <param name="lengths">int32 [N], own frames of each clip; null: all.</param>
    /// <param name="pass">Null: running statistics.</param>
    /// <param name="dtype">Type of the result: that of x (null), or bfloat16 on a device that computes in it.</param>
    public Tensor ForwardConvolved(Conv2d convolution, Tensor x, Tensor? lengths, TrainingPass? pass, DType? dtype = null)
    {
        if (Ranks(pass) is null)
            return Op.Conv2dBatchNorm(x, convolution.Weight, Weight, Bias, RunningMean, RunningVariance, Options(pass), lengths, dtype);
        using var scope = TensorScope.Begin();
        var y = Normalise(convolution.Forward(x), lengths, pass, _relu);
        return scope.Return(dtype is { } stored && stored != y.DType ? Op.Cast(y, stored) : y);
    }

    /// <summary>
    /// <see cref="Forward"/>, then the mean over windows without overlap and dropout, by <see cref="Op.BatchNormPool2d"/>.
    /// </summary>
    /// <param name="x">[N, C, H, W], in the device's layout of feature maps; not for mel bins.</param>
    /// <param name="lengths">int32 [N], own frames of each clip; the result is 0 in windows that reach beyond them. Null: all.</param>
    /// <param name="window">Height and width of the windows; 1: no pooling.</param>
    /// <param name="dropout">Probability, 0 ≤ p &lt; 1; without a pass there is none.</param>
    /// <param name="pass">Null: running statistics.</param>
    /// <returns>[N, C, ⌊H/window⌋, ⌊W/window⌋].</returns>
    public Tensor ForwardPooled(Tensor x, Tensor? lengths, int window, double dropout, TrainingPass? pass)
    {
        long perItem = (long)x.Shape[1] * (x.Shape[2] / window) * (x.Shape[3] / window);
        var pooling = pass is null ? new PoolingOptions(window) : new(window, dropout, pass.NextStream(perItem));
        if (Ranks(pass) is not null)
        {
            using var scope = TensorScope.Begin();
            var y = Op.AvgPool2d(Normalise(x, lengths, pass, _relu), window, window, window == 1 ? null : lengths);
            return scope.Return(Op.Dropout(y, dropout, pooling.Stream));
        }
        return Op.BatchNormPool2d(x, Weight, Bias, RunningMean, RunningVariance, Options(pass), pooling, lengths);
    }

    /// <summary><see cref="Forward"/>, then max(· + <paramref name="residual"/>, 0), by <see cref="Op.BatchNormAddRelu"/>.</summary>
    /// <param name="x">[N, C, H, W], in the device's layout of feature maps; not for mel bins.</param>
    /// <param name="lengths">int32 [N], own frames of each clip; null: all.</param>
    /// <param name="residual">Like x; 0 behind a clip's own frames.</param>
    /// <param name="pass">Null: running statistics.</param>
    public Tensor ForwardAdded(Tensor x, Tensor? lengths, Tensor residual, TrainingPass? pass)
    {
        if (Ranks(pass) is null)
            return Op.BatchNormAddRelu(x, Weight, Bias, RunningMean, RunningVariance, Options(pass), residual, lengths);
        using var scope = TensorScope.Begin();
        return scope.Return(Op.AddRelu(Normalise(x, lengths, pass, relu: false), residual));
    }

    /// <summary>
    /// The layer in evaluation as <c>scale·x + shift</c>, [C] each: scale = γ/√(σ² + ε), shift = β − μ·scale, in float64 and rounded once.
    /// Made at first use and again after a tensor behind it has changed; this layer frees it.
    /// </summary>
    public (Tensor Scale, Tensor Shift) Folded()
    {
        var version = (Weight.Version, Bias.Version, RunningMean.Version, RunningVariance.Version);
        lock (_lock)
        {
            if (_folded is { } folded && _version == version) return folded;
            Release();
            double[] scale = Values(Weight), shift = Values(Bias), mean = Values(RunningMean), variance = Values(RunningVariance);
            double epsilon = new BatchNormOptions(Training: false).Epsilon;
            for (int c = 0; c < scale.Length; c++)
            {
                scale[c] /= Math.Sqrt(variance[c] + epsilon);
                shift[c] -= mean[c] * scale[c];
            }
            _folded = (Make(scale), Make(shift));
            _version = version;
            return _folded.Value;
        }
    }

    /// <inheritdoc/>
    protected override void ReleaseDerived()
    {
        lock (_lock) Release();
        base.ReleaseDerived();
    }

    /// <summary>The layer over the statistics of this batch, of all ranks' or of running ones, as the pass says.</summary>
    Tensor Normalise(Tensor x, Tensor? lengths, TrainingPass? pass, bool relu)
    {
        var options = Options(pass) with { Relu = relu };
        return Ranks(pass) is { } ranks
            ? Op.SynchronizedBatchNorm(x, Weight, Bias, RunningMean, RunningVariance, options, ranks, lengths)
            : Op.BatchNorm(x, Weight, Bias, RunningMean, RunningVariance, options, lengths);
    }

    /// <summary>Ranks that share the statistics of a batch; null: none do, or there are no such statistics.</summary>
    static IProcessGroup? Ranks(TrainingPass? pass) => pass is { Statistics: not BatchStatistics.Running } ? pass.Synchronized : null;

    BatchNormOptions Options(TrainingPass? pass)
    {
        var options = new BatchNormOptions(Training: pass is { Statistics: not BatchStatistics.Running }, _axis, _relu);
        return pass is null ? options
            : options with { Momentum = pass.Statistics == BatchStatistics.OfBatchAgain ? 0 : pass.Part.Momentum(options.Momentum) };
    }

    void Release()
    {
        _folded?.Scale.Dispose();
        _folded?.Shift.Dispose();
        _folded = null;
    }

    static double[] Values(Tensor x) =>
        x.DType == DType.Float64 ? x.ToArray<double>() : Array.ConvertAll(x.ToArray<float>(), value => (double)value);

    Tensor Make(double[] values) => TensorScope.Detach(Weight.DType == DType.Float64
        ? Tensor.From(values, Weight.Shape, Weight.Device)
        : Tensor.From(Array.ConvertAll(values, value => (float)value), Weight.Shape, Weight.Device));
}
