using NativeRetrieval.Core.Tensors;
using NativeRetrieval.CudaEmulator.Tests.Traffic;
using NativeRetrieval.OpCases;

namespace NativeRetrieval.CudaEmulator.Tests.Ops;

[Collection("device")]
public sealed class RaceTests
{
    [Fact]
    public void Survey()
    {
        using var test = new TestDevice("forward");
        using var log = new StreamWriter("/tmp/scratch/truth/survey.txt");
        foreach (var opCase in OpCaseCatalogue.All)
            foreach (var dtype in opCase.HasBFloat16 ? new[] { DType.Float32, DType.BFloat16 } : [DType.Float32])
            foreach (string size in opCase.Sizes)
            {
                CountedLaunch.Begin();
                var runner = new OpCaseRunner(opCase, size, test.Device, dtype);
                double[] y = test.Run(_ => runner.Forward(dtype));
                if (opCase.HasGradient) test.Run(_ => runner.ForwardAndBackward(dtype, [.. y.Select(_ => 1.0)]));
                test.Device.Synchronize();
                foreach (var launch in CountedLaunch.End().DistinctBy(l => l.Kernel))
                    log.WriteLine($"{opCase.GetType().Name}\t{dtype}\t{size}\t{runner.Inputs.Sum(i => i.Values.Length)}\t{launch.Kernel}\t{launch.Threads}\t{launch.Counters.SharedRequests}\t{launch.Counters.Atomics}");
            }
    }
}
