using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks.Sampled;

/// <summary>
/// Attention within windows, forward and backward: the first and the last clip, each alone on the CPU in float64, and the table's gradient,
/// which is summed over all clips.
/// </summary>
internal sealed class SampledWindowAttention(string model, Device device, Precision precision)
    : SampledOperations(model, device, precision)
{
    public void Check(WindowAttentionSizes sizes)
    {
        using var scope = TensorScope.Begin();
        Shape qkvShape = sizes.Qkv, yShape = qkvShape[..3].Append(qkvShape[3] / 3);
        SampledOperand qkv = new(qkvShape, 1, Device.Activations), table = new(sizes.Table, 2, DType.Float32);
        var dy = new SampledOperand(yShape, 3, Device.Activations);
        int clips = qkvShape[0], ofQkv = qkv.Values.Length / clips, ofY = dy.Values.Length / clips;
        double[] y = new double[2 * ofY], dQkv = new double[2 * ofQkv], dTable = new double[table.Values.Length];
        for (int clip = 0; clip < clips; clip++)
        {
            using var ofClip = TensorScope.Begin();
            var (qkvThere, dyThere) = (Clip(qkv, qkvShape, clip), Clip(dy, yShape, clip));
            var tableThere = HostTensor.Write(Array.ConvertAll(table.Values, value => (double)value), sizes.Table, CpuDevice.Shared,
                DType.Float64);
            Tensor dQkvThere = Tensor.EmptyLike(qkvThere), dTableThere = Tensor.EmptyLike(tableThere);
            var backend = CpuDevice.Shared.Backend;
            backend.WindowAttentionBackward(dyThere, qkvThere, tableThere, sizes.Heads, sizes.Window, sizes.Shift, dQkvThere, dTableThere);
            double[] summand = dTableThere.ToArray<double>();
            for (int i = 0; i < dTable.Length; i++) dTable[i] += summand[i];
            if (clip > 0 && clip < clips - 1) continue;
            var yThere = Tensor.EmptyLike(dyThere);
            backend.WindowAttention(qkvThere, tableThere, sizes.Heads, sizes.Window, sizes.Shift, yThere);
            yThere.ToArray<double>().CopyTo(y, Math.Min(clip, 1) * ofY);
            dQkvThere.ToArray<double>().CopyTo(dQkv, Math.Min(clip, 1) * ofQkv);
        }
        var given = new Dictionary<string, object?>
        {
            ["qkv"] = qkv.On(Device),
            ["biasTable"] = table.On(Device),
            ["heads"] = sizes.Heads,
            ["window"] = sizes.Window,
            ["shift"] = sizes.Shift,
            ["dy"] = dy.On(Device),
            ["y"] = Tensor.Empty(yShape, Device, Device.Activations),
            ["dQkv"] = Tensor.Empty(qkvShape, Device, Device.Activations),
            ["dTable"] = Tensor.Empty(sizes.Table, Device),
        };
        Check(nameof(IBackend.WindowAttention), given, leftOut: 0, new Expected("y", [0, (clips - 1) * ofY], ofY, y));
        Check(nameof(IBackend.WindowAttentionBackward), given, leftOut: 0,
            new Expected("dQkv", [0, (clips - 1) * ofQkv], ofQkv, dQkv), new Expected("dTable", [0], dTable.Length, dTable));
    }

    static Tensor Clip(SampledOperand operand, Shape shape, int clip)
    {
        int size = operand.Values.Length / shape[0];
        double[] values = Array.ConvertAll(operand.Values[(clip * size)..((clip + 1) * size)], value => (double)value);
        return HostTensor.Write(values, [1, shape[1], shape[2], shape[3]], CpuDevice.Shared, DType.Float64);
    }
}

/// <summary>Attention within windows of a training pass.</summary>
/// <param name="Qkv">[N, H, W, 3·C].</param>
/// <param name="Table">[(2·window − 1)², heads].</param>
internal readonly record struct WindowAttentionSizes(Shape Qkv, Shape Table, int Heads, int Window, int Shift)
{
    /// <summary>Null for another operation.</summary>
    public static WindowAttentionSizes? Of(OperationCall call) => call.Name != nameof(IBackend.WindowAttention) ? null
        : new(call.Argument<Tensor>("qkv").Shape, call.Argument<Tensor>("biasTable").Shape, call.Argument<int>("heads"),
            call.Argument<int>("window"), call.Argument<int>("shift"));
}
