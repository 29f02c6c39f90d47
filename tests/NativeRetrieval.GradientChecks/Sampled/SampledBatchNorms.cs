using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks.Sampled;

/// <summary>
/// Batch norms in training, alone or in one operation with a first convolution, a residual sum or pooling and dropout, forward and
/// backward: rows of some channels, whose statistics and parameters' gradients are summed over all clips in float64.
/// </summary>
internal sealed class SampledBatchNorms(string model, Device device, Precision precision) : SampledOperations(model, device, precision)
{
    public void Check(BatchNormSizes norm)
    {
        using var scope = TensorScope.Begin();
        bool isOfMaps = norm.Options.Axis == 1;
        var stored = isOfMaps ? Device.Activations : DType.Float32;
        var layout = isOfMaps ? Device.FeatureMaps : Layout.Contiguous;
        var exact = new ExactBatchNorm(norm, stored);
        Shape perChannel = [exact.Map.Channels];
        var given = new Dictionary<string, object?>
        {
            ["x"] = exact.X.On(Device, norm.Kernels is null ? layout : Layout.Contiguous),
            ["kernels"] = exact.Kernels?.On(Device, Device.Filters),
            ["weight"] = exact.Gain.On(Device),
            ["bias"] = exact.Bias.On(Device),
            ["runningMean"] = Op.Full(perChannel, ExactBatchNorm.Mean, Device),
            ["runningVariance"] = Op.Full(perChannel, 1, Device),
            ["lengths"] = Tensor.From(exact.Own, [exact.Map.Clips], Device),
            ["options"] = norm.Options,
            ["pooling"] = norm.Pooling,
            ["residual"] = exact.Residual?.On(Device, layout),
        };
        Forward(norm, exact, given, Tensor.Empty(norm.Results, Device, stored, layout));
        Backward(norm, exact, given, layout);
    }

    void Forward(BatchNormSizes norm, ExactBatchNorm exact, Dictionary<string, object?> given, Tensor y)
    {
        (given["y"], given["mean"]) = (y, Tensor.EmptyLike((Tensor)given["weight"]!));
        given["inverseDeviation"] = Tensor.EmptyLike((Tensor)given["weight"]!);
        double momentum = norm.Options.Momentum;
        given["kept"] = Check(norm.Operation, given, 0,
            Rows("y", exact.Pooled, exact.Sampled, exact.Result),
            PerChannel("mean", exact, channel => channel.Mean),
            PerChannel("inverseDeviation", exact, channel => channel.InverseDeviation),
            PerChannel("runningMean", exact, channel => (1 - momentum) * ExactBatchNorm.Mean + momentum * channel.Mean),
            PerChannel("runningVariance", exact, channel => 1 - momentum + momentum * channel.UnbiasedVariance));
        y.Dispose();
    }

    void Backward(BatchNormSizes norm, ExactBatchNorm exact, Dictionary<string, object?> given, Layout layout)
    {
        int leftOut = exact.Differentiate();
        given["y"] = given["residual"];
        given["dy"] = exact.ResultGradient.On(Device, layout);
        given["mean"] = Statistics(exact, ExactBatchNorm.Mean, channel => channel.Mean);
        given["inverseDeviation"] = Statistics(exact, Math.Sqrt(3), channel => channel.InverseDeviation);
        foreach (var (gradient, of) in (ReadOnlySpan<(string, string)>)[("dx", "x"), ("dKernels", "kernels"), ("dWeight", "weight"),
            ("dBias", "bias"), ("dResidual", "residual")])
            given[gradient] = given[of] is Tensor like ? Tensor.EmptyLike(like) : null;
        List<Expected> expected =
        [
            PerChannel("dWeight", exact, channel => channel.GainGradient), PerChannel("dBias", exact, channel => channel.BiasGradient),
        ];
        if (exact.Kernels is { } kernels)
        {
            var image = new ChannelMap([exact.Map.Clips, 1, exact.Map.Frames, exact.Map.Width], axis: 1);
            var first = new FirstConvolution(exact.X, kernels, norm.Kernels!.Value, exact.Channels);
            expected.Add(Rows("dx", image, [0], (_, clip, row, column) => first.InputGradient(clip, row, column)));
            expected.Add(new("dKernels", [0], kernels.Values.Length, first.KernelGradients(exact.Map.Clips)));
        }
        else
        {
            expected.Add(Rows("dx", exact.Map, exact.Sampled, exact.InputGradient));
        }
        if (norm.Adds) expected.Add(Rows("dResidual", exact.Map, exact.Sampled, exact.ResidualGradient));
        Check($"{norm.Operation}Backward", given, leftOut, [.. expected]);
    }

    /// <summary>A statistic of all channels: those that are not computed have one of about its size.</summary>
    Tensor Statistics(ExactBatchNorm exact, double others, Func<ExactChannel, double> of)
    {
        double[] values = [.. Enumerable.Repeat(others, exact.Map.Channels)];
        foreach (var (channel, place) in exact.Channels.Zip(exact.Sampled)) values[place] = of(channel);
        return HostTensor.Write(values, [values.Length], Device, DType.Float32);
    }

    /// <summary>Rows that are spread over clips, channels and frames.</summary>
    /// <param name="value">Of the place of a channel among the sampled ones, clip, row and column.</param>
    static Expected Rows(string output, ChannelMap map, int[] sampled, Func<int, int, int, int, double> value)
    {
        int count = map.Clips * sampled.Length * map.Frames;
        (int Clip, int I, int Row)[] rows = [.. Enumerable.Range(0, Math.Min(Runs, count))
            .Select(i => count <= Runs ? i : Place(6, i, count))
            .Select(place => (place / map.Frames / sampled.Length, place / map.Frames % sampled.Length, place % map.Frames))];
        double[] exact = new double[rows.Length * map.Width];
        Parallel.For(0, exact.Length, i =>
        {
            var (clip, channel, row) = rows[i / map.Width];
            exact[i] = value(channel, clip, row, i % map.Width);
        });
        return new(output, [.. rows.Select(row => map.Place(row.Clip, sampled[row.I], row.Row))], map.Width, exact);
    }

    static Expected PerChannel(string output, ExactBatchNorm exact, Func<ExactChannel, double> value) =>
        new(output, exact.Sampled, 1, [.. exact.Channels.Select(value)]);
}
