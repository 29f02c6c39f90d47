using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases;

/// <summary>
/// One operation and what is true of it. From a case the harness makes, at each of its sizes: forward against the formula in float64 and
/// float32, the float64 gradient against finite differences, the float32 gradient against float64, reads of uninitialised memory, writes
/// past the end and leaks. Every backend takes the same cases.
/// </summary>
public abstract class OpCase
{
    /// <summary>The method of <c>Op</c> under test: each public or internal one has a case.</summary>
    public abstract string Op { get; }

    /// <summary>Names of the size sets: each is one run of the harness, e.g. <c>"3x5"</c>.</summary>
    public abstract IEnumerable<string> Sizes { get; }

    /// <summary>Float inputs in float64; the harness rounds them to float32 first, so that both precisions see the same values.</summary>
    public abstract Input[] Inputs(string size, PhiloxSequence random);

    /// <summary>
    /// Runs the op on the inputs. Integer inputs and settings belong to the case; build them on <paramref name="device"/>.
    /// </summary>
    public abstract Tensor Run(string size, Tensor[] inputs, Device device);

    /// <summary>The same with the type of its activations, for ops that make them of inputs in float32.</summary>
    public virtual Tensor Run(string size, Tensor[] inputs, Device device, DType stored) => Run(size, inputs, device);

    /// <summary>The formula again in float64, sharing no code with the op.</summary>
    public abstract double[] Reference(string size, double[][] inputs);

    /// <summary>Allowed relative L2 errors of the float32 path. The float64 path is held to 1e-12, its gradients to 1e-6.</summary>
    public virtual Tolerance Tolerance => new(Forward: 1e-6, Gradient: 1e-5);

    /// <summary>
    /// Sizes of the models, with fewer clips, frames or sentences: the widths are full. What a backend moves at them is held to
    /// <see cref="Cost"/>. None where the op is a library's, or another case of the op has them.
    /// </summary>
    public virtual IEnumerable<string> ModelSizes => [];

    /// <summary>The least that the op can cost at a size.</summary>
    /// <param name="element">Bytes of an element of an activation: 4 in float32, 2 in bfloat16.</param>
    public abstract Cost Cost(string size, int element = sizeof(float));

    /// <summary>False for ops without a gradient.</summary>
    public virtual bool HasGradient => true;

    /// <summary>False for float32-only ops, such as those on packed weights.</summary>
    public virtual bool HasFloat64 => true;

    /// <summary>True for ops that a GPU refuses.</summary>
    public virtual bool OnCpuAlone => false;

    /// <summary>
    /// True for ops that a GPU computes in float32 by its libraries and other ops: kernels of their own take TF32 or bfloat16.
    /// </summary>
    public virtual bool IsComposedInFloat32 => false;

    /// <summary>True for ops that take bfloat16 activations on devices that have them.</summary>
    public virtual bool HasBFloat16 => false;

    /// <summary>Sizes such as <c>"2x3x5"</c>, parsed.</summary>
    protected static int[] Parse(string size) => [.. size.Split('x').Select(int.Parse)];

    /// <summary>Elements of a tensor whose sizes are in the name.</summary>
    protected static long Count(string size, int dimensions = int.MaxValue) => Parse(size).Take(dimensions).Aggregate(1L, (a, b) => a * b);

    protected static Input Normal(PhiloxSequence random, params int[] shape) =>
        new(shape, Draw(shape, () => random.NextNormal()));

    protected static Input Uniform(PhiloxSequence random, double low, double high, params int[] shape) =>
        new(shape, Draw(shape, () => low + (high - low) * random.NextUniform()));

    static double[] Draw(int[] shape, Func<double> next)
    {
        var values = new double[((Shape)shape).Count];
        for (int i = 0; i < values.Length; i++) values[i] = next();
        return values;
    }
}

/// <summary>A float input of a case.</summary>
/// <param name="FeatureMap">True gives it the device's layout of feature maps in the float32 run; float64 runs are contiguous.</param>
/// <param name="Differentiable">False where no gradient is asked for.</param>
/// <param name="Parameter">True keeps it in float32 where activations are bfloat16.</param>
/// <param name="Filter">True gives it the device's layout of convolutions' kernels in the float32 run.</param>
public sealed record Input(int[] Shape, double[] Values, bool FeatureMap = false, bool Differentiable = true, bool Parameter = false,
    bool Filter = false);

/// <summary>Allowed relative L2 errors, |ours − reference| / |reference|.</summary>
/// <param name="BFloat16">
/// That of bfloat16 results and gradients. Default: a little more than the 1.7e-3 of one rounding to 8 bits.
/// </param>
public readonly record struct Tolerance(double Forward, double Gradient, double BFloat16 = 2.5e-3);
