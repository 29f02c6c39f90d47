using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Encoders;

/// <summary>CNN14 against the report authors' encoder: small width, formula weights, from log-mel, computed in float64 by PyTorch.</summary>
public sealed class Cnn14GoldenTests : IDisposable
{
    static readonly Cnn14Config Config = new() { Channels = [8, 12, 16, 24, 32, 48], Dropout = 0 };

    readonly SafetensorsFile _golden = SafetensorsFile.Open(Fixtures.Small("cnn14-encoder/golden.safetensors"));
    readonly TensorScope _scope = TensorScope.Begin();

    [Theory]
    [InlineData(DType.Float64, 1e-9)]
    [InlineData(DType.Float32, 1e-5)]
    public void Evaluation_equals_PyTorch(DType dtype, double tolerance)
    {
        using var encoder = Encoder(dtype);
        _golden.Check("eval_embedding", encoder.Forward(Input("logmel", dtype), null), tolerance);
        _golden.Check("eval_embedding_short", encoder.Forward(Input("logmel_short", dtype), null), tolerance);
        _golden.Check("eval_embedding_zero_padded", encoder.Forward(Input("logmel_zero_padded", dtype), null), tolerance);
    }

    [Theory]
    [InlineData(DType.Float64, 1e-9, 1e-9)]
    [InlineData(DType.Float32, 1e-5, 1e-4)]
    public void Training_forward_gradients_and_running_statistics_equal_PyTorch(DType dtype, double forward, double backward)
    {
        using var encoder = Encoder(dtype);
        using (var tape = Tape.Begin())
        {
            var embedding = encoder.Forward(Input("logmel", dtype), null, new TrainingPass(seed: 0, step: 0));
            _golden.Check("train_embedding", embedding, forward);
            tape.Backward(embedding, Input("cotangent", dtype));
        }
        var names = encoder.Parameters().ToList();
        Assert.Equal(_golden.Names.Count(name => name.StartsWith("grad/", StringComparison.Ordinal)), names.Count);
        foreach (var (name, parameter) in names) _golden.Check($"grad/{name}", parameter.Gradient!, backward);
        foreach (var (name, buffer) in encoder.Buffers()) _golden.Check($"after/{name}", buffer, forward);
    }

    [Theory]
    [InlineData(DType.Float64, 1e-12)]
    [InlineData(DType.Float32, 1e-5)]
    public void A_vector_depends_neither_on_padding_nor_on_batch_mates(DType dtype, double tolerance)
    {
        using var encoder = Encoder(dtype);
        const int Frames = 301, Bins = 64;
        double[] whole = _golden.ReadFloat64("logmel"), shortClip = _golden.ReadFloat64("logmel_short");
        int own = shortClip.Length / Bins;
        // The first row is the short clip with rubbish behind its end, the second a long one.
        var batch = new double[2 * Frames * Bins];
        shortClip.CopyTo(batch, 0);
        Array.Fill(batch, 1234.5, shortClip.Length, Frames * Bins - shortClip.Length);
        Array.Copy(whole, Frames * Bins, batch, Frames * Bins, Frames * Bins);
        var both = encoder.Forward(Make(batch, [2, 1, Frames, Bins], dtype), [own, Frames]);

        double[] alone = encoder.Forward(Input("logmel_short", dtype), null).Values();
        double[] second = encoder.Forward(Make(whole[(Frames * Bins)..(2 * Frames * Bins)], [1, 1, Frames, Bins], dtype), null).Values();
        Golden.Check(alone, both.Rows(0, 1).Values(), tolerance, "short clip");
        Golden.Check(second, both.Rows(1, 1).Values(), tolerance, "long clip");
    }

    [Fact]
    public void Training_statistics_count_real_frames_only()
    {
        using var padded = Encoder(DType.Float64);
        using var exact = Encoder(DType.Float64);
        double[] clip = _golden.ReadFloat64("logmel_short");
        double[] behind = [.. clip, .. Enumerable.Repeat(-100.0, 50 * 64)];
        int frames = clip.Length / 64;
        padded.Forward(Make(behind, [1, 1, frames + 50, 64], DType.Float64), [frames], new TrainingPass(0, 0));
        exact.Forward(Make(clip, [1, 1, frames, 64], DType.Float64), null, new TrainingPass(0, 0));
        foreach (var ((name, expected), (_, actual)) in exact.Buffers().Zip(padded.Buffers()))
            Golden.Check(expected.Values(), actual.Values(), 1e-12, name);
    }

    /// <summary>Wide layers run by Winograd's algorithm: folded and packed as in inference, and plain as in training.</summary>
    [Fact]
    public void Full_width_equals_PyTorch()
    {
        const string Name = "fixtures/full-size/audio.safetensors";
        if (Fixtures.Shared(Name) is not { } path)
        {
            Assert.Skip(Fixtures.WhyAbsent(Name));
            return;
        }
        using var golden = SafetensorsFile.Open(path);
        using var encoder = new Cnn14(new Cnn14Config { Dropout = 0 }, CpuDevice.Shared, new PhiloxSequence(default)).FillByFormula();
        var logMel = golden.Load("logmel", DType.Float32, CpuDevice.Shared);
        golden.Check("authors_cnn14/embedding", encoder.Forward(logMel, null), 1e-5);
        using (Tape.Begin()) golden.Check("authors_cnn14/embedding", encoder.Forward(logMel, null), 1e-5);
    }

    [Fact]
    public void Inference_follows_training()
    {
        using var encoder = Encoder(DType.Float32);
        var logMel = Input("logmel", DType.Float32);
        double[] before = encoder.Forward(logMel, null).Values();
        encoder.Forward(logMel, null, new TrainingPass(seed: 0, step: 0)); // moves the running statistics
        double[] folded = encoder.Forward(logMel, null).Values(), plain;
        using (Tape.Begin()) plain = encoder.Forward(logMel, null).Values(); // without folding
        Golden.Check(plain, folded, 1e-5, "after training");
        Assert.NotEqual(before, folded);
    }

    public void Dispose()
    {
        _scope.Dispose();
        _golden.Dispose();
    }

    static Cnn14 Encoder(DType dtype) => new Cnn14(Config, CpuDevice.Shared, new PhiloxSequence(default), dtype).FillByFormula();

    Tensor Input(string name, DType dtype) => _golden.Load(name, dtype, CpuDevice.Shared);

    static Tensor Make(double[] values, Shape shape, DType dtype) => dtype == DType.Float64
        ? Tensor.From(values, shape, CpuDevice.Shared)
        : Tensor.From(Array.ConvertAll(values, v => (float)v), shape, CpuDevice.Shared);
}
