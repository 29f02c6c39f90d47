using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Tests.Encoders;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Models;

/// <summary>NT-Xent in all its forms, batches of 1 to 257, loss and both gradients against PyTorch in float64.</summary>
public sealed class NtXentGoldenTests
{
    static readonly (string Name, NtXentOptions Options)[] s_forms =
    [
        ("report_sum", new(0.07, Positives.Paper, LossScale.Sum)),
        ("authors_code", new(0.07, Positives.Paper, LossScale.Mean)),
        ("multi_positive", new(0.07, Positives.Clip, LossScale.Sum)),
        ("siblings_dropped", new(0.07, Positives.Dropped, LossScale.Sum)),
    ];

    [Theory]
    [InlineData(DType.Float64, 1e-10)]
    [InlineData(DType.Float32, 1e-5)]
    public void Loss_and_gradients_equal_PyTorch(DType dtype, double tolerance)
    {
        using var golden = SafetensorsFile.Open(Fixtures.Small("nt-xent.safetensors"));
        string[] batches = [.. golden.Names.Select(name => name.Split('/')[0]).Distinct()];
        Assert.Equal(8, batches.Length);
        foreach (string batch in batches)
            foreach (var (form, options) in s_forms)
            {
                using var scope = TensorScope.Begin();
                using var tape = Tape.Begin();
                var (audio, text) = (golden.Load($"{batch}/audio", dtype, CpuDevice.Shared), golden.Load($"{batch}/text", dtype, CpuDevice.Shared));
                (audio.RequiresGradient, text.RequiresGradient) = (true, true);
                int[] clips = [.. golden.ReadInt64($"{batch}/clip_id").Select(id => (int)id)];
                var clipIds = Tensor.From(clips, [clips.Length], CpuDevice.Shared);
                var textIds = Tensor.From(Enumerable.Range(0, clips.Length).ToArray(), [clips.Length], CpuDevice.Shared);
                var loss = Op.NtXent(audio, text, clipIds, textIds, options);
                tape.Backward(loss);
                Check("loss", loss);
                Check("grad_audio", audio.Gradient!);
                Check("grad_text", text.Gradient!);

                void Check(string part, Tensor actual)
                {
                    double[] expected = golden.ReadFloat64($"{batch}/{form}/{part}");
                    // One item, or all others dropped: loss and gradient are 0 up to rounding, and a relative error means nothing.
                    if (expected.All(value => Math.Abs(value) < 1e-12)) Assert.All(actual.Values(), value => Assert.InRange(value, -1e-6, 1e-6));
                    else Golden.Check(expected, actual.Values(), tolerance, $"{batch}/{form}/{part} in {dtype}");
                }
            }
    }
}
