using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Models;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks.Sampled;

/// <summary>
/// The convolutions, products, norms, windows' attention and clip pooling of an audio encoder at the sizes that are timed, those of
/// inference among them. Which they are is seen in passes over fewer and shorter clips.
/// </summary>
/// <param name="seen">Sizes that were checked before, in this encoder or another one: these are not checked again.</param>
internal sealed class SampledEncoder(CheckedModel model, Device device, Precision precision, bool small, HashSet<object> seen)
{
    readonly int _clips = small ? 3 : 32, _frames = small ? 130 : 1001;

    public IReadOnlyList<OperationError> Check()
    {
        var convolutions = new SampledConvolutions(model.Name, device, precision);
        var packed = new SampledPackedConvolutions(model.Name, device, precision);
        var norms = new SampledBatchNorms(model.Name, device, precision);
        var attentions = new SampledWindowAttention(model.Name, device, precision);
        var poolings = new SampledClipPooling(model.Name, device, precision);
        var linears = new SampledLinears(model.Name, device, precision);
        var layerNorms = new SampledLayerNorms(model.Name, device, precision);
        List<Action> checks = [];
        model.Gradients(Watched(SeeTraining), DType.Float32);
        model.Embed(Watched(SeeInference));
        foreach (var check in checks) check();
        return [.. convolutions.Found, .. packed.Found, .. norms.Found, .. attentions.Found, .. poolings.Found, .. linears.Found,
            .. layerNorms.Found];

        WatchedDevice Watched(Action<OperationCall> see) => new(device, call =>
        {
            see(call);
            return call.Run();
        });

        void SeeTraining(OperationCall call)
        {
            if (call.Name == nameof(IBackend.Conv2d))
                Add((Maps: Timed(call.Argument<Tensor>("x").Shape), Filters: call.Argument<Tensor>("weight").Shape),
                    one => convolutions.Check(one.Maps, one.Filters));
            if (BatchNormSizes.Of(call) is { } norm) Add(norm with { Maps = Timed(norm.Maps) }, norms.Check);
            if (WindowAttentionSizes.Of(call) is { } attention)
                Add(attention with { Qkv = [_clips, attention.Qkv[1], attention.Qkv[2], attention.Qkv[3]] }, attentions.Check);
            if (ClipPoolingSizes.Of(call) is { } pooling) Add(pooling with { Maps = Timed(pooling.Maps) }, poolings.Check);
            if (LinearSizes.Of(call) is { } linear) Add(linear with { Rows = TimedRows(linear.Rows) }, linears.Check);
            if (LayerNormSizes.Of(call) is { } layerNorm) Add(layerNorm with { Rows = TimedRows(layerNorm.Rows) }, layerNorms.Check);
        }

        void SeeInference(OperationCall call)
        {
            if (PackedSizes.Of(call) is { } convolution) Add(convolution with { Maps = Timed(convolution.Maps) }, packed.Check);
            if (PackedBlockSizes.Of(call) is { } block) Add(block with { Image = Timed(block.Image) }, packed.Check);
            if (LinearSizes.Of(call) is { } linear) Add(linear with { Rows = TimedRows(linear.Rows) }, linears.Check);
        }

        void Add<T>(T sizes, Action<T> check) where T : notnull
        {
            if (seen.Add(sizes)) checks.Add(() => check(sizes));
        }
    }

    /// <summary>Rows of the timed clips: each clip has as many.</summary>
    int TimedRows(int rows) => rows / CheckedModel.Clips * _clips;

    /// <summary>Feature maps of the timed clips: each block halves the frames.</summary>
    Shape Timed(Shape maps)
    {
        int halvings = Enumerable.Range(0, 32).First(times => model.Frames!.Value >> times == maps[2]);
        return [_clips, maps[1], _frames >> halvings, maps[3]];
    }
}
