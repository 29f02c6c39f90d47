using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Models;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks.Sampled;

/// <summary>
/// The convolutions, batch norms and windows' attention of an audio encoder at the sizes that are timed. Which they are is seen in a pass
/// over fewer and shorter clips.
/// </summary>
/// <param name="seen">Sizes that were checked before, in this encoder or another one: these are not checked again.</param>
internal sealed class SampledEncoder(CheckedModel model, Device device, Precision precision, bool small, HashSet<object> seen)
{
    readonly int _clips = small ? 3 : 32, _frames = small ? 130 : 1001;

    public IReadOnlyList<OperationError> Check()
    {
        var convolutions = new List<(Shape Maps, Shape Filters)>();
        var norms = new List<BatchNormSizes>();
        var attentions = new List<WindowAttentionSizes>();
        model.Gradients(new WatchedDevice(device, call =>
        {
            if (call.Name == nameof(IBackend.Conv2d))
                Add(convolutions, (Timed(call.Argument<Tensor>("x").Shape), call.Argument<Tensor>("weight").Shape));
            if (BatchNormSizes.Of(call) is { } norm) Add(norms, norm with { Maps = Timed(norm.Maps) });
            if (WindowAttentionSizes.Of(call) is { } attention)
                Add(attentions, attention with { Qkv = [_clips, attention.Qkv[1], attention.Qkv[2], attention.Qkv[3]] });
            return call.Run();
        }), DType.Float32);
        var convolved = new SampledConvolutions(model.Name, device, precision);
        foreach (var (maps, filters) in convolutions) convolved.Check(maps, filters);
        var normalised = new SampledBatchNorms(model.Name, device, precision);
        foreach (var norm in norms) normalised.Check(norm);
        var attended = new SampledWindowAttention(model.Name, device, precision);
        foreach (var attention in attentions) attended.Check(attention);
        return [.. convolved.Found, .. normalised.Found, .. attended.Found];

        void Add<T>(List<T> list, T sizes) where T : notnull
        {
            if (seen.Add(sizes)) list.Add(sizes);
        }
    }

    /// <summary>Feature maps of the timed clips: each block halves the frames.</summary>
    Shape Timed(Shape maps)
    {
        int halvings = Enumerable.Range(0, 32).First(times => model.Frames!.Value >> times == maps[2]);
        return [_clips, maps[1], _frames >> halvings, maps[3]];
    }
}
