using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace NativeRetrieval.TorchPeer.Workloads;

/// <summary>
/// One step of training: CNN14 and BERT with their heads, NT-Xent, clipping of the gradient, Adam. The result is the loss
/// and the norm of all gradients, both before the step.
/// </summary>
internal sealed class TrainingStep
{
    const double LargestNorm = 2;

    readonly TorchInputs _inputs;
    readonly Weights _weights;
    readonly Parameter[] _parameters;
    readonly optim.Optimizer _optimizer;
    readonly double _dropout;
    readonly int _heads;

    public TrainingStep(TorchInputs inputs)
    {
        (_inputs, _weights, _dropout, _heads) = (inputs, new(inputs), inputs.Real("dropout"), inputs.Number("heads"));
        _parameters = [.. inputs.Names.Where(name => name.Contains('.') && !name.Contains("running_")).Select(inputs.Learn)];
        _optimizer = optim.Adam(_parameters, inputs.Real("rate"));
    }

    public Tensor[] Run()
    {
        _optimizer.zero_grad();
        var audio = Head("audio_linear", AudioEncoders.Cnn14(_weights.Below("audio_enc"), _inputs["mel"], _dropout));
        var text = Head("text_linear", TextEncoder.Bert(_weights.Below("text_enc"), _inputs["ids"], _heads, _dropout, gradients: true));
        var loss = Kernels.Loss(audio, text);
        loss.backward();
        double norm = nn.utils.clip_grad_norm_(_parameters, LargestNorm);
        _optimizer.step();
        return [loss.detach(), tensor((float)norm)];
    }

    Tensor Head(string name, Tensor x)
    {
        var head = _weights.Below(name);
        return head.Linear("2", relu(head.Linear("0", x)));
    }
}
