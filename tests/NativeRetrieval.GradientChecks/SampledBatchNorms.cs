using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks;

/// <summary>
/// Batch norms in training, alone or in one operation with a first convolution, a residual sum or pooling and dropout, forward and
/// backward: some channels, whose statistics and parameters' gradients are summed over all clips in float64. Every second clip has
/// padding.
/// </summary>
internal sealed class SampledBatchNorms(string model, Device device, Precision precision) : SampledOperations(model, device, precision)
{
    /// <summary>Channels that are held; all behind a first convolution, whose input gets a gradient from each.</summary>
    const int Channels = 4;

    /// <summary>Mean of the maps, and what no entry of theirs is above.</summary>
    const double Mean = 0.25, Largest = 1.25;

    public void Check(BatchNormSizes norm)
    {
        using var scope = TensorScope.Begin();
        var map = new ChannelMap(norm.Maps, norm.Options.Axis);
        var pooled = new ChannelMap(norm.Results, norm.Options.Axis);
        bool isOfMaps = norm.Options.Axis == 1;
        var stored = isOfMaps ? Device.Activations : DType.Float32;
        var layout = isOfMaps ? Device.FeatureMaps : Layout.Contiguous;
        int[] sampled = norm.Kernels is not null || map.Channels <= Channels ? [.. Enumerable.Range(0, map.Channels)]
            : [.. Enumerable.Range(0, 4 * Channels).Select(i => Place(5, i, map.Channels)).Distinct().Take(Channels)];
        int[] own = [.. Enumerable.Range(0, map.Clips).Select(clip => map.Frames - clip % 2 * (map.Frames / 4))];
        Shape perChannel = [map.Channels];
        SampledOperand gain = new(perChannel, 11, DType.Float32, 1, 0.5), bias = new(perChannel, 12, DType.Float32, 0, 0.5);
        var x = norm.Kernels is null ? new SampledOperand(norm.Maps, 1, stored, Mean)
            : new SampledOperand([map.Clips, 1, map.Frames, map.Width], 1, DType.Float32, Mean);
        var kernels = norm.Kernels is { } filters ? new SampledOperand(filters, 2, DType.Float32) : null;
        var other = norm.Adds ? new SampledOperand(norm.Maps, 3, stored) : null;
        var exact = new ExactChannel[sampled.Length];
        Parallel.For(0, sampled.Length, i =>
        {
            var (maps, largest) = kernels is null ? (map.Of(x.Values, sampled[i]), Largest)
                : FirstConvolution.Of(x, kernels, norm.Kernels!.Value, map, sampled[i], Largest);
            exact[i] = new(maps, own, map.Frames, gain.Values[sampled[i]], bias.Values[sampled[i]], norm.Options.Relu,
                norm.Options.Epsilon, largest);
        });

        var y = Tensor.Empty(norm.Results, Device, stored, layout);
        var given = new Dictionary<string, object?>
        {
            ["x"] = x.On(Device, norm.Kernels is null ? layout : Layout.Contiguous),
            ["kernels"] = kernels?.On(Device, Device.Filters),
            ["weight"] = gain.On(Device),
            ["bias"] = bias.On(Device),
            ["runningMean"] = Op.Full(perChannel, Mean, Device),
            ["runningVariance"] = Op.Full(perChannel, 1, Device),
            ["lengths"] = Tensor.From(own, [map.Clips], Device),
            ["options"] = norm.Options,
            ["pooling"] = norm.Pooling,
            ["residual"] = other?.On(Device, layout),
            ["y"] = y,
            ["mean"] = Tensor.Empty(perChannel, Device),
            ["inverseDeviation"] = Tensor.Empty(perChannel, Device),
        };
        double momentum = norm.Options.Momentum;
        var results = RowsOf(pooled, sampled);
        given["kept"] = Check(norm.Operation, given, leftOut: 0,
            Rows("y", results, pooled, sampled, Result),
            PerChannel("mean", sampled, i => exact[i].Mean),
            PerChannel("inverseDeviation", sampled, i => exact[i].InverseDeviation),
            PerChannel("runningMean", sampled, i => (1 - momentum) * Mean + momentum * exact[i].Mean),
            PerChannel("runningVariance", sampled, i => 1 - momentum + momentum * exact[i].UnbiasedVariance));
        y.Dispose();

        // Backward rectifies again, or knows what passed by the result that it is given: any numbers.
        var dy = new SampledOperand(norm.Results, 4, stored);
        double[][] gradients = new double[sampled.Length][];
        int leftOut = 0;
        Parallel.For(0, sampled.Length, i =>
        {
            exact[i].RoundStatistics();
            gradients[i] = Spread(i, out int undecided);
            Interlocked.Add(ref leftOut, undecided);
            exact[i].Differentiate(gradients[i]);
        });
        given["y"] = given["residual"];
        given["dy"] = dy.On(Device, layout);
        given["mean"] = Statistics(Mean, channel => channel.Mean);
        given["inverseDeviation"] = Statistics(Math.Sqrt(3), channel => channel.InverseDeviation);
        foreach (var (gradient, of) in (ReadOnlySpan<(string, string)>)[("dx", "x"), ("dKernels", "kernels"), ("dWeight", "weight"),
            ("dBias", "bias"), ("dResidual", "residual")])
            given[gradient] = given[of] is Tensor like ? Tensor.EmptyLike(like) : null;
        List<Expected> expected =
        [
            PerChannel("dWeight", sampled, i => exact[i].GainGradient),
            PerChannel("dBias", sampled, i => exact[i].BiasGradient),
        ];
        if (kernels is null)
            expected.Add(Rows("dx", RowsOf(map, sampled), map, sampled, (i, clip, row, column) =>
                exact[i].InputGradient(exact[i].At(clip, row, column))));
        else
        {
            var image = new ChannelMap([map.Clips, 1, map.Frames, map.Width], axis: 1);
            var first = new FirstConvolution(x, kernels, norm.Kernels!.Value, exact);
            expected.Add(Rows("dx", RowsOf(image, [0]), image, [0], (_, clip, row, column) => first.InputGradient(clip, row, column)));
            expected.Add(new("dKernels", [0], kernels.Values.Length, first.KernelGradients(map.Clips)));
        }
        if (other is not null)
            expected.Add(Rows("dResidual", RowsOf(map, sampled), map, sampled, (i, clip, row, column) =>
                gradients[i][exact[i].At(clip, row, column)]));
        Check($"{norm.Operation}Backward", given, leftOut, [.. expected]);

        double Result(int i, int clip, int row, int column)
        {
            int window = norm.Pooling.Window;
            if (other is not null)
                return Math.Max(exact[i].Normalised(exact[i].At(clip, row, column))
                    + other.Values[map.Place(clip, sampled[i], row) + column], 0);
            if (row >= own[clip] / window) return 0;
            double sum = 0;
            for (int k = 0; k < window * window; k++)
                sum += exact[i].Normalised(exact[i].At(clip, row * window + k / window, column * window + k % window));
            return sum / (window * window) * Kept(sampled[i], clip, row, column);
        }

        // Dropout numbers the entries with channels innermost.
        double Kept(int channel, int clip, int row, int column)
        {
            if (norm.Pooling.Dropout == 0) return 1;
            long pixel = ((long)clip * pooled.Frames + row) * pooled.Width + column;
            return norm.Pooling.Stream.Uniform((ulong)(pixel * map.Channels + channel)) < norm.Pooling.Dropout ? 0
                : 1 / (1 - norm.Pooling.Dropout);
        }

        // The gradient of the normalised maps; entries of dy that rounding decides about are cleared.
        double[] Spread(int i, out int undecided)
        {
            int window = norm.Pooling.Window;
            double[] gradient = new double[map.Clips * map.Frames * map.Width];
            undecided = 0;
            for (int clip = 0; clip < map.Clips; clip++)
                for (int row = 0; row < pooled.Frames; row++)
                {
                    if (other is null && row >= own[clip] / window) continue;
                    for (int column = 0; column < pooled.Width; column++)
                    {
                        int at = pooled.Place(clip, sampled[i], row) + column;
                        for (int k = 0; k < window * window; k++)
                            if (dy.Values[at] != 0 && exact[i].IsUndecided(Entry(k)))
                            {
                                dy.Values[at] = 0;
                                undecided++;
                            }
                        if (other is not null && !(other.Values[at] > 0)) continue;
                        double share = dy.Values[at] * Kept(sampled[i], clip, row, column) / (window * window);
                        for (int k = 0; k < window * window; k++) gradient[Entry(k)] = share;

                        int Entry(int k) => exact[i].At(clip, row * window + k / window, column * window + k % window);
                    }
                }
            return gradient;
        }

        // Channels that are not held have statistics of about this size.
        Tensor Statistics(double others, Func<ExactChannel, double> of)
        {
            double[] values = new double[map.Channels];
            values.AsSpan().Fill(others);
            for (int i = 0; i < sampled.Length; i++) values[sampled[i]] = of(exact[i]);
            return HostTensor.Write(values, perChannel, Device, DType.Float32);
        }
    }

    static (int Clip, int I, int Row)[] RowsOf(ChannelMap map, int[] sampled)
    {
        int count = map.Clips * sampled.Length * map.Frames;
        return [.. Enumerable.Range(0, Math.Min(Runs, count)).Select(i => count <= Runs ? i : Place(6, i, count))
            .Select(place => (place / map.Frames / sampled.Length, place / map.Frames % sampled.Length, place % map.Frames))];
    }

    static Expected Rows(string output, (int Clip, int I, int Row)[] rows, ChannelMap map, int[] sampled,
        Func<int, int, int, int, double> exact) =>
        new(output, [.. rows.Select(row => map.Place(row.Clip, sampled[row.I], row.Row))], map.Width,
            [.. rows.AsParallel().AsOrdered().SelectMany(row => Enumerable.Range(0, map.Width)
                .Select(column => exact(row.I, row.Clip, row.Row, column)))]);

    static Expected PerChannel(string output, int[] sampled, Func<int, double> exact) =>
        new(output, sampled, 1, [.. Enumerable.Range(0, sampled.Length).Select(exact)]);
}

/// <summary>A batch norm of a training pass.</summary>
/// <param name="Maps">Of what is normalised, [N, C, H, W], or the spectrograms' [N, 1, T, F].</param>
/// <param name="Kernels">Of the first convolution in the same operation.</param>
internal readonly record struct BatchNormSizes(
    string Operation, Shape Maps, Shape? Kernels, BatchNormOptions Options, PoolingOptions Pooling)
{
    public bool Adds => Operation == nameof(IBackend.BatchNormAddRelu);

    public Shape Results => [Maps[0], Maps[1], Maps[2] / Pooling.Window, Maps[3] / Pooling.Window];

    /// <summary>Null for an operation that is no batch norm.</summary>
    public static BatchNormSizes? Of(OperationCall call) => call.Name switch
    {
        nameof(IBackend.BatchNorm) or nameof(IBackend.BatchNormAddRelu) =>
            new(call.Name, call.Argument<Tensor>("x").Shape, null, Options(call), new(Window: 1)),
        nameof(IBackend.BatchNormPool2d) => new(call.Name, call.Argument<Tensor>("x").Shape, null, Options(call),
            call.Argument<PoolingOptions>("pooling") with { Stream = new Philox(Seed: 7, Stream: 3) }),
        nameof(IBackend.Conv2dBatchNorm) => new(call.Name, call.Argument<Tensor>("y").Shape, call.Argument<Tensor>("kernels").Shape,
            Options(call), new(Window: 1)),
        _ => null,
    };

    static BatchNormOptions Options(OperationCall call) => call.Argument<BatchNormOptions>("options");
}
