using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Both scales, sharp and soft teachers, on batches about a warp and a block; vectors of length 1 at most.</summary>
abstract class DistillationCase(DistillationOptions options) : OpCase
{
    public override string Op => nameof(Core.Ops.Op.Distillation);

    public override IEnumerable<string> Sizes => ["1x4", "2x3", "7x5", "31x9", "33x16", "65x7", "130x19"];

    public override Tolerance Tolerance => new(Forward: 1e-5, Gradient: 1e-5);

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        int batch = Parse(size)[0], width = Parse(size)[1];
        double most = 1 / Math.Sqrt(width);
        return
        [
            Uniform(random, -most, most, batch, width), Uniform(random, -most, most, batch, width),
            Uniform(random, -1, 1, batch, batch) with { Differentiable = false },
        ];
    }

    public override IEnumerable<string> ModelSizes => options.Scale == LossScale.Mean ? ["128x1024"] : [];

    public override Cost Cost(string size, int element)
    {
        int batch = Parse(size)[0];
        return new(4 * Count(size) * sizeof(float) + batch * batch * sizeof(float), 4 * Count(size) * sizeof(float),
            2.0 * Count(size) * batch);
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device) =>
        Core.Ops.Op.Distillation(inputs[0], inputs[1], inputs[2], options);

    public override double[] Reference(string size, double[][] inputs)
    {
        int batch = Parse(size)[0], width = Parse(size)[1];
        double loss = 0;
        for (int i = 0; i < batch; i++)
        {
            int item = i;
            loss += CrossEntropy(j => Own(item, j), j => inputs[2][item * batch + j] / options.TeacherTemperature);
            loss += CrossEntropy(j => Own(j, item), j => inputs[2][j * batch + item] / options.TeacherTemperature);
        }
        return [(options.Scale == LossScale.Mean ? 0.5 : 1) * loss / batch];

        double Own(int i, int j)
        {
            double dot = 0;
            for (int d = 0; d < width; d++) dot += inputs[0][i * width + d] * inputs[1][j * width + d];
            return dot / options.Temperature;
        }

        double CrossEntropy(Func<int, double> own, Func<int, double> teachers)
        {
            double logSum = Math.Log(Enumerable.Range(0, batch).Sum(j => Math.Exp(own(j))));
            double teachersSum = Enumerable.Range(0, batch).Sum(j => Math.Exp(teachers(j)));
            return Enumerable.Range(0, batch).Sum(j => Math.Exp(teachers(j)) / teachersSum * (logSum - own(j)));
        }
    }
}

sealed class DistillationSumCase() : DistillationCase(new(0.07, 0.07, LossScale.Sum));

sealed class DistillationMeanCase() : DistillationCase(new(0.2, 0.03, LossScale.Mean));
