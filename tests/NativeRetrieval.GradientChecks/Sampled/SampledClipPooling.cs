using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks.Sampled;

/// <summary>
/// Clip pooling, forward and backward, at every entry: the CPU in float64 tells them. Every second clip has padding; backward is given
/// float64's maxima.
/// </summary>
internal sealed class SampledClipPooling(string model, Device device, Precision precision) : SampledOperations(model, device, precision)
{
    public void Check(ClipPoolingSizes sizes)
    {
        using var scope = TensorScope.Begin();
        int clips = sizes.Maps[0], frames = sizes.Maps[2];
        int[] own = [.. Enumerable.Range(0, clips).Select(clip => frames - clip % 2 * (frames / 4))];
        SampledOperand x = new(sizes.Maps, 1, sizes.Stored, offset: 0.25), dy = new(sizes.Maps[..2], 2, DType.Float32);
        Tensor xHere = Here(x.Values, sizes.Maps), dyHere = Here(dy.Values, sizes.Maps[..2]);
        Tensor yHere = Tensor.EmptyLike(dyHere), dxHere = Tensor.EmptyLike(xHere);
        var peaks = Tensor.Empty(sizes.Maps[..2], CpuDevice.Shared, DType.Int32);
        var lengths = Tensor.From(own, [clips], CpuDevice.Shared);
        CpuDevice.Shared.Backend.ClipPooling(xHere, lengths, yHere, peaks);
        CpuDevice.Shared.Backend.ClipPoolingBackward(dyHere, peaks, lengths, dxHere);
        var maps = x.On(Device);
        var given = new Dictionary<string, object?>
        {
            ["x"] = maps, ["lengths"] = Tensor.From(own, [clips], Device), ["dy"] = dy.On(Device), ["dx"] = Tensor.EmptyLike(maps),
            ["y"] = Tensor.Empty(sizes.Maps[..2], Device), ["peaks"] = Tensor.Empty(sizes.Maps[..2], Device, DType.Int32),
        };
        Check(nameof(IBackend.ClipPooling), given, leftOut: 0, Whole("y", yHere));
        given["peaks"] = Tensor.From(peaks.ToArray<int>(), peaks.Shape, Device);
        Check(nameof(IBackend.ClipPoolingBackward), given, leftOut: 0, Whole("dx", dxHere));

        static Tensor Here(float[] values, Shape shape) =>
            HostTensor.Write(Array.ConvertAll(values, value => (double)value), shape, CpuDevice.Shared, DType.Float64);

        static Expected Whole(string output, Tensor exact) => new(output, [0], (int)exact.Count, exact.ToArray<double>());
    }
}

/// <summary>The pooling of feature maps, [N, C, T, F], to a vector for each clip.</summary>
/// <param name="Stored">Type of the maps.</param>
internal readonly record struct ClipPoolingSizes(Shape Maps, DType Stored)
{
    /// <summary>Null for another operation.</summary>
    public static ClipPoolingSizes? Of(OperationCall call) => call.Name != nameof(IBackend.ClipPooling) ? null
        : new(call.Argument<Tensor>("x").Shape, call.Argument<Tensor>("x").DType);
}
