using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace NativeRetrieval.TorchPeer.Workloads;

/// <summary>Single operations.</summary>
internal static class Kernels
{
    public const double Temperature = 0.07;

    /// <summary>x [N, C, H, W] through the same 3x3 convolution with shift and ReLU, "count" times in a row.</summary>
    public static Func<Tensor[]> Convolutions(TorchInputs inputs)
    {
        int count = inputs.Number("count");
        return Inference(() =>
        {
            var y = inputs["x"];
            for (int i = 0; i < count; i++) y = relu(conv2d(y, inputs["weight"], inputs["shift"], padding: [1, 1]));
            return [y];
        });
    }

    public static Func<Tensor[]> Product(TorchInputs inputs) => Inference(() => [matmul(inputs["a"], inputs["b"])]);

    public static Func<Tensor[]> ProductTransposedB(TorchInputs inputs) => Inference(() => [matmul(inputs["a"], inputs["b"].t())]);

    public static Func<Tensor[]> ProductTransposedA(TorchInputs inputs) => Inference(() => [matmul(inputs["a"].t(), inputs["b"])]);

    /// <summary>waveform [N, 1, samples], window [W], mel [bins, M], hop, floor: dB, [N, 1, frames, M].</summary>
    public static Func<Tensor[]> LogMel(TorchInputs inputs)
    {
        int hop = inputs.Number("hop");
        double floor = inputs.Real("floor");
        return Inference(() =>
        {
            var window = inputs["window"];
            long width = window.shape[0];
            var spectrum = stft(inputs["waveform"].flatten(0, 1), width, hop, width, window, center: true, return_complex: true);
            var power = spectrum.real.square() + spectrum.imag.square();
            return [(10 * matmul(power.transpose(1, 2), inputs["mel"]).clamp_min(floor).log10()).unsqueeze(1)];
        });
    }

    /// <summary>queries [Q, D], rows [N, D], top: the best scores of each query.</summary>
    public static Func<Tensor[]> Search(TorchInputs inputs)
    {
        int top = inputs.Number("top");
        return Inference(() => [matmul(inputs["queries"], inputs["rows"].t()).topk(top, dim: 1).values]);
    }

    public static Func<Tensor[]> LayerNorm(TorchInputs inputs) => Inference(() => [new Weights(inputs).LayerNorm("norm", inputs["x"])]);

    /// <summary>qkv [B, S, 3·H·D] and heads H: [B, S, H·D].</summary>
    public static Func<Tensor[]> Attention(TorchInputs inputs)
    {
        int heads = inputs.Number("heads");
        return Inference(() =>
        {
            var qkv = inputs["qkv"];
            long batch = qkv.shape[0], tokens = qkv.shape[1], width = qkv.shape[2] / 3;
            var split = qkv.view(batch, tokens, 3, heads, width / heads).permute(2, 0, 3, 1, 4).unbind(0);
            return [scaled_dot_product_attention(split[0], split[1], split[2]).transpose(1, 2).reshape(batch, tokens, width)];
        });
    }

    /// <summary>audio and text [B, D]: the loss of both directions and both gradients.</summary>
    public static Func<Tensor[]> NtXent(TorchInputs inputs)
    {
        Tensor audio = inputs["audio"].requires_grad_(), text = inputs["text"].requires_grad_();
        return () =>
        {
            var loss = Loss(audio, text);
            var gradients = autograd.grad([loss], [audio, text]);
            return [loss, .. gradients];
        };
    }

    public static Tensor Loss(Tensor audio, Tensor text)
    {
        var scores = matmul(normalize(audio), normalize(text).t()) / Temperature;
        var own = arange(scores.shape[0], ScalarType.Int64);
        return cross_entropy(scores, own) + cross_entropy(scores.t(), own);
    }

    /// <summary>One step of each parameter "p…" by its gradient "g…": the parameters.</summary>
    public static Func<Tensor[]> Adam(TorchInputs inputs)
    {
        Parameter[] parameters = [.. inputs.Names.Where(name => name.StartsWith('p')).Select(inputs.Learn)];
        for (int i = 0; i < parameters.Length; i++) parameters[i].grad = inputs[$"g{i}"];
        var optimizer = optim.Adam(parameters, inputs.Real("rate"));
        return () =>
        {
            optimizer.step();
            return [.. parameters.Select(parameter => parameter.alias())];
        };
    }

    static Func<Tensor[]> Inference(Func<Tensor[]> run) => () =>
    {
        using var none = no_grad();
        return run();
    };
}
