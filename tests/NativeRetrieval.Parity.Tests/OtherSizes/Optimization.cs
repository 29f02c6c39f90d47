using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn.Optimizers;

namespace NativeRetrieval.Parity.Tests.OtherSizes;

/// <summary>NT-Xent at temperature 0.11 and six steps of Adam at another rate, with other betas, another ε and another norm.</summary>
static class Optimization
{
    public static void WriteLosses(string path)
    {
        var file = new GoldenFile();
        foreach (var (items, width) in new[] { (4, 6), (9, 5) })
        {
            string batch = $"B{items}_D{width}";
            int[] clips = [.. Enumerable.Range(0, items).Select(i => i * 2 / 3)];
            double[] audio = GoldenFile.Noise(batch + "a", items * width), text = GoldenFile.Noise(batch + "t", items * width);
            file.Add($"{batch}/audio", [items, width], audio);
            file.Add($"{batch}/text", [items, width], text);
            file.Add($"{batch}/clip_id", [items], clips);
            Loss("report_sum", Positives.Paper, LossScale.Sum);
            Loss("authors_code", Positives.Paper, LossScale.Mean);
            Loss("multi_positive", Positives.Clip, LossScale.Sum);
            Loss("siblings_dropped", Positives.Dropped, LossScale.Sum);

            void Loss(string form, Positives positives, LossScale scale)
            {
                using var scope = TensorScope.Begin();
                using var tape = Tape.Begin();
                int[] shape = [items, width];
                var (a, t) = (Tensor.From(audio, shape, CpuDevice.Shared), Tensor.From(text, shape, CpuDevice.Shared));
                (a.RequiresGradient, t.RequiresGradient) = (true, true);
                var texts = Tensor.From(Enumerable.Range(0, items).ToArray(), [items], CpuDevice.Shared);
                var loss = Op.NtXent(a, t, Tensor.From(clips, [items], CpuDevice.Shared), texts, new(0.11, positives, scale));
                tape.Backward(loss);
                file.Add($"{batch}/{form}/loss", [1], loss.Values());
                file.Add($"{batch}/{form}/grad_audio", a.Gradient!);
                file.Add($"{batch}/{form}/grad_text", t.Gradient!);
            }
        }
        file.Write(path, ("temperature", "0.11"));
    }

    public static void WriteAdam(string path)
    {
        var file = new GoldenFile();
        var options = new AdamOptions(Beta1: 0.8, Beta2: 0.95, Epsilon: 1e-6);
        Run("adam", options);
        Run("adamw", options with { WeightDecay = 0.01, Decoupled = true });
        Run("adam_clip0.7", options with { MaxGradientNorm = 0.7 });
        file.Write(path, ("lr", "0.02"), ("betas", "0.8 0.95"), ("eps", "1e-06"));

        void Run(string kind, AdamOptions options)
        {
            using var scope = TensorScope.Begin();
            int[][] shapes = [[3, 4], [6], [1], [2, 2, 2]];
            var parameters = shapes.Select((shape, i) =>
            {
                double[] values = Values($"{kind}{i}", shape);
                file.Add($"{kind}/param{i}/initial", shape, values);
                var tensor = Tensor.From(values, shape, CpuDevice.Shared);
                tensor.RequiresGradient = true;
                return (Name: $"param{i}", Tensor: tensor);
            }).ToArray();
            using var adam = new AdamOptimizer([new ParameterGroup(parameters)], options);
            for (int step = 0; step < 6; step++)
            {
                foreach (var (name, tensor) in parameters)
                {
                    int[] shape = tensor.Shape.Sizes.ToArray();
                    double[] gradient = Values($"{kind}{name}{step}", shape);
                    file.Add($"{kind}/{name}/grad{step}", shape, gradient);
                    using var tape = Tape.Begin();
                    tape.Backward(Op.Dot(tensor, Tensor.From(gradient, shape, CpuDevice.Shared)));
                }
                adam.Step(0.02);
                foreach (var (name, tensor) in parameters) file.Add($"{kind}/{name}/after{step}", tensor);
            }
        }

        static double[] Values(string name, int[] shape) => GoldenFile.Noise(name, shape.Aggregate((a, b) => a * b));
    }
}
