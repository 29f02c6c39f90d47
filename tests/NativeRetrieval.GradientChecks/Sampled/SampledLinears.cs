using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks.Sampled;

/// <summary>
/// Linear layers: rows of the result and of its input's and weight's gradients against their sums in float64, the bias's gradient in whole.
/// Of those with a GELU, which training applies by itself, the result.
/// </summary>
internal sealed class SampledLinears(string model, Device device, Precision precision) : SampledOperations(model, device, precision)
{
    /// <summary>Rows of a weight's gradient: each entry is a sum over all rows of x.</summary>
    const int WeightRuns = 24;

    public void Check(LinearSizes sizes)
    {
        using var scope = TensorScope.Begin();
        var (rows, inputs, outputs) = (sizes.Rows, sizes.Inputs, sizes.Outputs);
        SampledOperand x = new([rows, inputs], 1, sizes.Stored), dy = new([rows, outputs], 3, sizes.Stored);
        SampledOperand w = new([outputs, inputs], 2, DType.Float32);
        var bias = sizes.HasBias ? new SampledOperand([outputs], 4, DType.Float32) : null;
        Tensor xThere = x.On(Device), wThere = w.On(Device), dyThere = dy.On(Device);
        var given = new Dictionary<string, object?>
        {
            ["x"] = xThere, ["weight"] = wThere, ["bias"] = bias?.On(Device), ["activation"] = sizes.Activation, ["dy"] = dyThere,
            ["a"] = dyThere, ["b"] = wThere, ["transposeA"] = false, ["transposeB"] = false, ["summand"] = null,
            ["y"] = Tensor.EmptyLike(dyThere), ["c"] = Tensor.EmptyLike(xThere), ["dWeight"] = Tensor.EmptyLike(wThere),
            ["dBias"] = bias is null ? null : Tensor.Empty([outputs], Device),
        };
        Check(nameof(IBackend.Linear), given, leftOut: 0, Some("y", Runs, rows, outputs, row => Result(x, w, bias, sizes, row)));
        if (sizes.Activation == Activation.Gelu) return;
        Check(nameof(IBackend.MatMul), given, leftOut: 0,
            Some("c", Runs, rows, inputs, row => Sums(outputs, inputs, o => dy.Values[row * outputs + o], w.Values)));
        Expected[] gradients =
            [Some("dWeight", WeightRuns, outputs, inputs, o => Sums(rows, inputs, row => dy.Values[row * outputs + o], x.Values))];
        if (bias is not null) gradients = [.. gradients, new("dBias", [0], outputs, Sums(rows, outputs, _ => 1, dy.Values))];
        Check(nameof(IBackend.LinearParameterGradients), given, leftOut: 0, gradients);
    }

    static double[] Result(SampledOperand x, SampledOperand w, SampledOperand? bias, LinearSizes sizes, int row)
    {
        double[] y = new double[sizes.Outputs];
        for (int o = 0; o < y.Length; o++)
        {
            double sum = bias?.Values[o] ?? 0;
            for (int i = 0; i < sizes.Inputs; i++) sum += (double)x.Values[row * sizes.Inputs + i] * w.Values[o * sizes.Inputs + i];
            y[o] = sizes.Activation switch
            {
                Activation.Relu => Math.Max(sum, 0),
                Activation.Gelu => sum * SpecialFunctions.NormalDistribution(sum),
                _ => sum,
            };
        }
        return y;
    }

    /// <summary>The sum of a matrix's rows [count, width], each times its factor.</summary>
    static double[] Sums(int count, int width, Func<int, double> factor, float[] matrix)
    {
        double[] sums = new double[width];
        for (int row = 0; row < count; row++)
        {
            double times = factor(row);
            var values = matrix.AsSpan(row * width, width);
            for (int i = 0; i < values.Length; i++) sums[i] += times * values[i];
        }
        return sums;
    }
}

/// <summary>A linear layer.</summary>
/// <param name="Stored">Type of x and y.</param>
internal readonly record struct LinearSizes(int Rows, int Inputs, int Outputs, bool HasBias, Activation Activation, DType Stored)
{
    /// <summary>Null for another operation.</summary>
    public static LinearSizes? Of(OperationCall call)
    {
        if (call.Name != nameof(IBackend.Linear)) return null;
        Tensor x = call.Argument<Tensor>("x"), weight = call.Argument<Tensor>("weight");
        int inputs = weight.Shape[1];
        return new(checked((int)(x.Count / inputs)), inputs, weight.Shape[0], call.Argument<Tensor?>("bias") is not null,
            call.Argument<Activation>("activation"), x.DType);
    }
}
