using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;
using NativeRetrieval.Parity;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Encoders;

/// <summary>Properties of every convolutional encoder.</summary>
public sealed class AudioEncoderTests : IDisposable
{
    const int Bins = 64, Own = 101, Padded = 150;

    static readonly Dictionary<string, AudioEncoderConfig> _configs = new()
    {
        ["cnn14"] = new Cnn14Config { Channels = [4, 5, 6, 17, 8, 9], Dropout = 0 },
        ["cnn14 of PANNs"] = new Cnn14Config { Channels = [4, 5, 6, 17, 8, 9], Dropout = 0, PoolBlock6 = false },
        ["resnet38"] = new ResNet38Config { Channels = [4, 4, 6, 17, 8, 9], Dropout = 0 },
        ["resnet38 with a narrower stem"] = new ResNet38Config { Channels = [3, 5, 6, 7, 8, 20], Dropout = 0 },
        ["cnn10"] = new Cnn10Config { Channels = [4, 5, 17, 7], Dropout = 0 },
        ["cnn6"] = new Cnn6Config { Channels = [4, 5, 17, 7], Dropout = 0 },
    };

    readonly TensorScope _scope = TensorScope.Begin();

    public static TheoryData<string> Kinds => [.. _configs.Keys];

    [Theory, MemberData(nameof(Kinds))]
    public void A_vector_depends_neither_on_padding_nor_on_batch_mates(string kind)
    {
        foreach (var (dtype, tolerance) in new[] { (DType.Float64, 1e-12), (DType.Float32, 1e-5) })
        {
            using var encoder = Encoder(kind, dtype);
            double[] clip = Clip(1, Own), other = Clip(2, Padded);
            double[] both = encoder.Forward(Make([.. Pad(clip), .. other], 2, dtype), [Own, Padded]).Values();
            Golden.Check(encoder.Forward(Make(clip, 1, dtype), null).Values(), both.AsSpan(0, encoder.Width), tolerance,
                $"short clip in {dtype}");
            Golden.Check(encoder.Forward(Make(other, 1, dtype), null).Values(), both.AsSpan(encoder.Width), tolerance,
                $"long clip in {dtype}");
        }
    }

    [Theory]
    [InlineData("cnn14")]
    [InlineData("resnet38")]
    public void Clips_with_large_maps_are_taken_one_by_one_and_have_the_bits_that_each_has_alone(string kind)
    {
        const int frames = 1_300; // 16 channels of 650 x 32 are over 1 MiB
        int[] channels = [16, 20, 6, 17, 8, 9];
        using var encoder = AudioEncoder.Create(kind == "cnn14" ? new Cnn14Config { Channels = channels }
            : new ResNet38Config { Channels = channels }, CpuDevice.Shared, new PhiloxSequence(new Philox(5)));
        double[][] clips = [Clip(1, frames), Clip(2, frames), Clip(3, frames)];
        double[] all = encoder.Forward(Make([.. clips.SelectMany(clip => clip)], 3, DType.Float32), null).Values();
        double[] alone = [.. clips.SelectMany(clip => encoder.Forward(Make(clip, 1, DType.Float32), null).Values())];
        Assert.Equal(alone, all);
        Assert.NotEqual(all[..encoder.Width], all[encoder.Width..(2 * encoder.Width)]);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Training_hears_nothing_of_the_padding(string kind)
    {
        foreach (var (dtype, tolerance) in new[] { (DType.Float64, 1e-9), (DType.Float32, 1e-4) })
        {
            using AudioEncoder exact = Encoder(kind, dtype), padded = Encoder(kind, dtype);
            double[] clip = Clip(1, Own);
            Golden.Check(Train(exact, Make(clip, 1, dtype), null), Train(padded, Make(Pad(clip), 1, dtype), [Own]), tolerance,
                $"vector in {dtype}");
            foreach (var ((name, expected), (_, actual)) in exact.Parameters().Zip(padded.Parameters()))
                Golden.Check(expected.Gradient!.Values(), actual.Gradient!.Values(), tolerance, $"gradient of {name} in {dtype}");
            foreach (var ((name, expected), (_, actual)) in exact.Buffers().Zip(padded.Buffers()))
                Golden.Check(expected.Values(), actual.Values(), tolerance, $"{name} in {dtype}");
        }

        double[] Train(AudioEncoder encoder, Tensor logMel, int[]? lengths)
        {
            using var tape = Tape.Begin();
            var y = encoder.Forward(logMel, lengths, new TrainingPass(seed: 0, step: 0));
            double[] cotangent = [.. Enumerable.Range(0, encoder.Width).Select(i => Math.Cos(i))];
            tape.Backward(y, y.DType == DType.Float64
                ? Tensor.From(cotangent, y.Shape, CpuDevice.Shared)
                : Tensor.From(Array.ConvertAll(cotangent, v => (float)v), y.Shape, CpuDevice.Shared));
            return y.Values();
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Folded_inference_equals_the_layers(string kind)
    {
        using AudioEncoder single = Encoder(kind, DType.Float32), exact = Encoder(kind, DType.Float64);
        double[] clip = Clip(3, Own), expected = exact.Forward(Make(clip, 1, DType.Float64), null).Values();
        double[] folded = single.Forward(Make(clip, 1, DType.Float32), null).Values(), plain;
        using (Tape.Begin()) plain = single.Forward(Make(clip, 1, DType.Float32), null).Values();
        Golden.Check(expected, folded, 1e-5, "folded");
        Golden.Check(expected, plain, 1e-5, "layer by layer");
        single.Forward(Make(clip, 1, DType.Float32), null, new TrainingPass(seed: 0, step: 0)); // moves the running statistics
        Assert.NotEqual(folded, single.Forward(Make(clip, 1, DType.Float32), null).Values());
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Waveforms_give_what_their_spectrograms_give(string kind)
    {
        const int Samples = 48_001;
        int[] samples = [Samples, 33_333];
        var settings = LogMelSettings.Default;
        var random = new PhiloxSequence(new Philox(5));
        double[] waveform = [.. Enumerable.Range(0, 2 * Samples).Select(_ => (double)(float)(0.1 * random.NextNormal()))];
        foreach (var (dtype, tolerance) in new[] { (DType.Float64, 1e-12), (DType.Float32, 1e-5) })
        {
            using var encoder = Encoder(kind, dtype);
            Shape shape = [2, Samples];
            var x = dtype == DType.Float64
                ? Tensor.From(waveform, shape, CpuDevice.Shared)
                : Tensor.From(Array.ConvertAll(waveform, v => (float)v), shape, CpuDevice.Shared);
            var logMel = Op.LogMel(x, settings, Tensor.From(samples, [2], CpuDevice.Shared));
            Golden.Check(encoder.Forward(logMel, [.. samples.Select(settings.FramesOf)]).Values(),
                encoder.ForwardWaveform(x, samples, settings).Values(), tolerance, $"{kind} in {dtype}");
            Golden.Check(encoder.Forward(Op.LogMel(x, settings), null).Values(), encoder.ForwardWaveform(x, null, settings).Values(),
                tolerance, $"{kind} in {dtype}, all samples");
        }
    }

    [Fact]
    public void The_front_end_follows_bn0_when_it_changes()
    {
        using var encoder = Encoder("cnn6", DType.Float64);
        var x = Tensor.From([.. Enumerable.Range(0, 48_000).Select(i => Math.Sin(i * 0.05))], [1, 48_000], CpuDevice.Shared);
        encoder.ForwardWaveform(x, null, LogMelSettings.Default);
        var shift = encoder.Parameters().Single(item => item.Name == "bn0.bias").Tensor;
        shift.CopyFrom<double>([.. Enumerable.Range(0, Bins).Select(i => i * 0.1)]);
        Golden.Check(encoder.Forward(Op.LogMel(x, LogMelSettings.Default), null).Values(),
            encoder.ForwardWaveform(x, null, LogMelSettings.Default).Values(), 1e-12, "after the change");
    }

    [Theory]
    [InlineData("cnn10", 2, 3)]
    [InlineData("cnn6", 1, 5)]
    public void Plain_blocks_equal_the_definition(string kind, int layers, int kernel)
    {
        using var encoder = Encoder(kind, DType.Float64);
        var weights = encoder.State().ToDictionary(item => item.Name, item => (item.Tensor.Shape, Values: item.Tensor.ToArray<double>()));
        int frames = Own, bins = Bins;
        double[][] maps = [Clip(4, Own)];
        for (int i = 0; i < frames * bins; i++) maps[0][i] = Norm("bn0", i % bins, maps[0][i]);
        for (int block = 1; block <= 4; block++)
        {
            for (int layer = 1; layer <= layers; layer++)
                maps = Convolve(maps, $"conv_block{block}.conv{layer}.weight", $"conv_block{block}.bn{layer}");
            maps = [.. maps.Select(map => Halve(map))];
            (frames, bins) = (frames / 2, bins / 2);
        }
        double[] expected = [.. maps.Select(map => map.Chunk(bins).Select(row => row.Average()))
            .Select(rows => rows.Max() + rows.Average())];
        Golden.Check(expected, encoder.Forward(Make(Clip(4, Own), 1, DType.Float64), null).Values(), 1e-12, kind);

        double Norm(string name, int channel, double x) =>
            (x - weights[$"{name}.running_mean"].Values[channel]) / Math.Sqrt(weights[$"{name}.running_var"].Values[channel] + 1e-5)
            * weights[$"{name}.weight"].Values[channel] + weights[$"{name}.bias"].Values[channel];

        double[][] Convolve(double[][] x, string convolution, string norm)
        {
            var (shape, w) = weights[convolution];
            Assert.Equal([shape[0], x.Length, kernel, kernel], shape.Sizes.ToArray());
            return [.. Enumerable.Range(0, shape[0]).Select(o => Enumerable.Range(0, frames * bins).Select(at =>
            {
                double sum = 0;
                for (int i = 0; i < x.Length; i++)
                    for (int tap = 0; tap < kernel * kernel; tap++)
                    {
                        int row = at / bins + tap / kernel - kernel / 2, column = at % bins + tap % kernel - kernel / 2;
                        if (row >= 0 && row < frames && column >= 0 && column < bins)
                            sum += x[i][row * bins + column] * w[(o * x.Length + i) * kernel * kernel + tap];
                    }
                return Math.Max(0, Norm(norm, o, sum));
            }).ToArray())];
        }

        double[] Halve(double[] map) => [.. Enumerable.Range(0, frames / 2 * (bins / 2)).Select(at =>
        {
            int corner = at / (bins / 2) * 2 * bins + at % (bins / 2) * 2;
            return (map[corner] + map[corner + 1] + map[corner + bins] + map[corner + bins + 1]) / 4;
        })];
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Stages_hold_every_parameter_in_its_order(string kind)
    {
        using var encoder = Encoder(kind, DType.Float32);
        Assert.Equal(encoder.Parameters().Select(item => item.Tensor),
            encoder.Stages.SelectMany(stage => stage.Parameters()).Select(item => item.Tensor));
    }

    [Fact]
    public void A_residual_block_starts_as_its_shortcut()
    {
        using var encoder = AudioEncoder.Create(_configs["resnet38"], CpuDevice.Shared, new PhiloxSequence(new Philox(1)));
        foreach (var (name, tensor) in encoder.Parameters()
            .Where(item => item.Name.EndsWith(".weight", StringComparison.Ordinal) && item.Tensor.Shape.Sizes.Length == 1))
        {
            bool second = name.StartsWith("resnet.", StringComparison.Ordinal) && name.EndsWith("bn2.weight", StringComparison.Ordinal);
            Assert.All(tensor.ToArray<float>(), value => Assert.Equal(second ? 0 : 1, value));
        }
    }

    [Fact]
    public void A_shortcut_of_ResNet38_is_named_as_in_PyTorch()
    {
        using AudioEncoder even = Encoder("resnet38", DType.Float32), uneven = Encoder("resnet38 with a narrower stem", DType.Float32);
        string[] Shortcuts(AudioEncoder encoder) => [.. encoder.Parameters().Select(item => item.Name)
            .Where(name => name.Contains("downsample", StringComparison.Ordinal) && name.Contains("layer1.", StringComparison.Ordinal))];
        Assert.Empty(Shortcuts(even));
        Assert.Equal(["resnet.layer1.0.downsample.0.weight", "resnet.layer1.0.downsample.1.weight", "resnet.layer1.0.downsample.1.bias"],
            Shortcuts(uneven));
        Assert.Contains(even.Parameters(), item => item.Name == "resnet.layer4.0.downsample.1.weight");
    }

    [Fact]
    public void Dropout_acts_inside_residual_blocks_and_between_the_parts()
    {
        using var encoder = AudioEncoder.Create(_configs["resnet38"] with { Dropout = 0.2 }, CpuDevice.Shared, random: null)
            .FillByFormula();
        var pass = new TrainingPass(seed: 3, step: 1);
        encoder.Forward(Make(Clip(1, Own), 1, DType.Float32), null, pass);
        var counted = new TrainingPass(seed: 3, step: 1);
        for (int use = 0; use < 1 + 16 + 1 + 1; use++) counted.NextStream(0);
        Assert.Equal(counted.NextStream(0), pass.NextStream(0));
    }

    public void Dispose() => _scope.Dispose();

    static AudioEncoder Encoder(string kind, DType dtype) =>
        AudioEncoder.Create(_configs[kind], CpuDevice.Shared, random: null, dtype).FillByFormula();

    static double[] Clip(ulong seed, int frames)
    {
        var random = new PhiloxSequence(new Philox(seed));
        return [.. Enumerable.Range(0, frames * Bins).Select(_ => (double)(float)(20 * random.NextNormal() - 40))];
    }

    /// <summary>Rubbish behind the end: it must not be heard.</summary>
    static double[] Pad(double[] clip) => [.. clip, .. Enumerable.Repeat(1234.5, (Padded - Own) * Bins)];

    static Tensor Make(double[] values, int clips, DType dtype)
    {
        Shape shape = [clips, 1, values.Length / clips / Bins, Bins];
        return dtype == DType.Float64
            ? Tensor.From(values, shape, CpuDevice.Shared)
            : Tensor.From(Array.ConvertAll(values, v => (float)v), shape, CpuDevice.Shared);
    }
}
