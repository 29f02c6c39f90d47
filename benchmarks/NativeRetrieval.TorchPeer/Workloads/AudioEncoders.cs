using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace NativeRetrieval.TorchPeer.Workloads;

/// <summary>CNN14 and ResNet38 (Kong et al. 2020, PANNs), log-mel [N, 1, T, F] to [N, widest].</summary>
internal static class AudioEncoders
{
    const int Cnn14Blocks = 6;

    static readonly int[] _layers = [3, 4, 6, 3];

    /// <param name="training">Dropout of a training pass; null: evaluation, without gradients.</param>
    public static Tensor Cnn14(Weights weights, Tensor logMel, double? training)
    {
        using var none = training is null ? no_grad() : null;
        var x = OverBins(weights, logMel, training is not null);
        for (int block = 1; block <= Cnn14Blocks; block++) x = Block(weights.Below($"conv_block{block}"), x, pooled: true, training);
        return Pooled(x);
    }

    public static Tensor ResNet38(Weights weights, Tensor logMel)
    {
        using var none = no_grad();
        var x = Block(weights.Below("conv_block1"), OverBins(weights, logMel, training: false), pooled: true, training: null);
        for (int layer = 0; layer < _layers.Length; layer++)
            for (int block = 0; block < _layers[layer]; block++)
                x = Residual(weights.Below($"resnet.layer{layer + 1}.{block}"), x, halved: layer > 0 && block == 0);
        return Pooled(Block(weights.Below("conv_block_after1"), avg_pool2d(x, 2), pooled: false, training: null));
    }

    /// <summary>bn0 over mel bins: they stand where channels are expected while it runs.</summary>
    static Tensor OverBins(Weights weights, Tensor logMel, bool training) =>
        Norm(weights.Below("bn0"), logMel.transpose(1, 3), training).transpose(1, 3);

    static Tensor Block(Weights weights, Tensor x, bool pooled, double? training)
    {
        for (int i = 1; i <= 2; i++)
            x = relu(Norm(weights.Below($"bn{i}"), conv2d(x, weights[$"conv{i}.weight"], padding: [1, 1]), training is not null));
        if (pooled) x = avg_pool2d(x, 2);
        return training is { } share ? dropout(x, share) : x;
    }

    static Tensor Residual(Weights weights, Tensor x, bool halved)
    {
        if (halved) x = avg_pool2d(x, 2);
        string shortcut = halved ? "downsample.1" : "downsample.0", norm = halved ? "downsample.2" : "downsample.1";
        var kept = weights.Has(shortcut + ".weight") ? Norm(weights.Below(norm), conv2d(x, weights[shortcut + ".weight"]), false) : x;
        x = relu(Norm(weights.Below("bn1"), conv2d(x, weights["conv1.weight"], padding: [1, 1]), false));
        return relu(Norm(weights.Below("bn2"), conv2d(x, weights["conv2.weight"], padding: [1, 1]), false) + kept);
    }

    static Tensor Norm(Weights weights, Tensor x, bool training) =>
        batch_norm(x, weights["running_mean"], weights["running_var"], weights["weight"], weights["bias"], training);

    /// <summary>The mean over bins, then maximum and mean over frames, added.</summary>
    static Tensor Pooled(Tensor x)
    {
        x = x.mean([3]);
        return x.amax([2]) + x.mean([2]);
    }
}
