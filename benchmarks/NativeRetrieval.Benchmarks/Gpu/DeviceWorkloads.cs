using NativeRetrieval.Benchmarks.Suites;
using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Parity;
using NativeRetrieval.Text;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>
/// The workloads that are timed on a GPU, the two ceilings first; weights and inputs are never zero, which some devices multiply faster.
/// </summary>
internal static class DeviceWorkloads
{
    public const string Copy = "copy", Product = "gemm", LogMels = "logmel", Step = "training-step", Index = "index";

    /// <summary>Rows that a search finds.</summary>
    const int Found = 10;

    static readonly Precision[] _wide = [Precision.Float32], _fast = [Precision.Tf32, Precision.BFloat16], _tf32 = [Precision.Tf32],
        _exact = [Precision.Float32, Precision.Tf32], _all = [Precision.Tf32, Precision.Float32, Precision.BFloat16];

    /// <summary>
    /// Workloads in the order in which they are timed: the two ceilings and what a bar is set for, in the precisions that it is set for;
    /// then all the rest. Who runs out of time has the rows that matter.
    /// </summary>
    public static IEnumerable<(DeviceWorkload Workload, Precision Precision)> InOrder(WorkloadSizes sizes)
    {
        DeviceWorkload[] all = [.. Of(sizes)];
        return Rows(workload => workload.First).Concat(Rows(workload => workload.Precisions.Except(workload.First)));

        IEnumerable<(DeviceWorkload, Precision)> Rows(Func<DeviceWorkload, IEnumerable<Precision>> precisions) =>
            all.SelectMany(workload => precisions(workload).Select(precision => (workload, precision)));
    }

    /// <summary>All workloads, the two ceilings first, then by worth.</summary>
    public static IEnumerable<DeviceWorkload> Of(WorkloadSizes sizes)
    {
        // Neither copies nor log-mel move a number through a matrix product or a convolution.
        yield return new(Copy, $"{Bytes(sizes.CopyBytes)} on the device", 0, 2.0 * sizes.CopyBytes / 1e9,
            device => CopyOnDevice(device, sizes.CopyBytes)) { Precisions = _wide, First = _wide };
        yield return Gemm(sizes.Products[0]) with { First = _all };
        foreach (var (i, pairs) in sizes.TrainingBatches.Index()) yield return StepOf(pairs) with { First = i == 0 ? _all : _tf32 };
        yield return Encoder("cnn14", sizes.Cnn14, WorkAmount.Cnn14(sizes.Cnn14, sizes.Frames), sizes.AudioBatches[0])
            with { First = _fast };
        yield return new("bert", $"{sizes.Sentences} x {sizes.Tokens} tokens",
            sizes.Sentences * WorkAmount.Bert(sizes.Bert, sizes.Tokens), 0, device => Text(device, sizes)) { First = _tf32 };
        yield return Encoder("resnet38", sizes.ResNet38, WorkAmount.ResNet38(sizes.ResNet38, sizes.Frames), sizes.AudioBatches[0])
            with { First = _tf32 };
        yield return Loss(sizes.Pairs[^1]) with { First = _exact };
        int clipsOfLogMel = sizes.AudioBatches[0];
        yield return new(LogMels, $"{clipsOfLogMel} x {sizes.ClipName}", 0,
            clipsOfLogMel * 4e-9 * (sizes.Samples + 64.0 * LogMelSettings.Default.FramesOf(sizes.Samples)),
            device => LogMel(device, clipsOfLogMel, sizes.Samples)) { Precisions = _wide, First = _wide };
        foreach (int pairs in sizes.TrainingBatches)
            yield return StepOf(pairs) with { Shape = $"{pairs} x {sizes.ClipName}, without graphs", Graphs = false };
        foreach (int clips in sizes.AudioBatches.Skip(1))
        {
            yield return Encoder("cnn14", sizes.Cnn14, WorkAmount.Cnn14(sizes.Cnn14, sizes.Frames), clips);
            yield return Encoder("resnet38", sizes.ResNet38, WorkAmount.ResNet38(sizes.ResNet38, sizes.Frames), clips);
        }
        yield return Encoder("htsat", sizes.HtsAt, HtsAtSuite.Gigaflop(sizes.HtsAt), sizes.AudioBatches[0]);
        foreach (int pairs in sizes.Pairs.SkipLast(1)) yield return Loss(pairs);
        foreach (bool rounds in (bool[])[false, true])
            yield return new("search", $"best {Found} of {sizes.SearchedRows} x {sizes.Dimension}{(rounds ? ", bf16 bounds" : "")}",
                WorkAmount.Product(1, sizes.SearchedRows, sizes.Dimension), 0, device => Search(device, sizes, rounds));
        foreach (var product in sizes.Products.Skip(1)) yield return Gemm(product);
        yield return new(Index, IndexingRun.Shape(sizes), 0, 0, device => IndexingRun.Prepare(device, sizes)) { First = _tf32 };

        DeviceWorkload Gemm((int M, int N, int K) p) => new(Product, $"{p.M} x {p.N} x {p.K} (m n k)", WorkAmount.Product(p.M, p.N, p.K), 0,
            device => MatMul(device, p.M, p.N, p.K));
        DeviceWorkload StepOf(int pairs) => new(Step, $"{pairs} x {sizes.ClipName}", StepGigaflop(sizes, pairs), 0,
            device => TrainingStep(device, sizes, pairs));
        DeviceWorkload Loss(int pairs) => new("nt-xent", $"{pairs} x {sizes.Dimension}, with gradients",
            3 * WorkAmount.Product(pairs, pairs, sizes.Dimension), 0, device => NtXent(device, pairs, sizes.Dimension));
        DeviceWorkload Encoder(string name, AudioEncoderConfig config, double gigaflop, int clips) => new(name,
            $"{clips} x {sizes.ClipName}", clips * gigaflop, 0, device => Audio(device, config, clips, sizes.Frames));
    }

    /// <summary>Backward takes two passes' arithmetic.</summary>
    static double StepGigaflop(WorkloadSizes sizes, int pairs) =>
        3 * pairs * (WorkAmount.Cnn14(sizes.Cnn14, sizes.Frames) + WorkAmount.Bert(sizes.Bert, sizes.Tokens));

    static PreparedRun CopyOnDevice(Device device, int bytes)
    {
        var source = Tensor.From(Values(bytes / sizeof(float)), [bytes / sizeof(float)], device);
        var target = Tensor.EmptyLike(source);
        return new(() => target.CopyFrom(source), source, target);
    }

    static PreparedRun MatMul(Device device, int m, int n, int k)
    {
        var a = Tensor.From(Values((long)m * k), [m, k], device);
        var b = Tensor.From(Values((long)k * n), [k, n], device);
        if (device.Activations == DType.BFloat16) (a, b) = (Narrow(a), Narrow(b));
        return new(() => Op.MatMul(a, b).Dispose(), a, b);

        static Tensor Narrow(Tensor wide)
        {
            using (wide) return Op.Cast(wide, DType.BFloat16);
        }
    }

    static PreparedRun Audio(Device device, AudioEncoderConfig config, int clips, int frames)
    {
        var encoder = AudioEncoder.Create(config, device, random: null).FillByFormula();
        var logMel = Tensor.From(Bench.LogMel(clips, frames, config.MelBins), [clips, 1, frames, config.MelBins], device);
        return Replayed(device, () => [logMel], inputs => [encoder.Forward(inputs[0], lengths: null)], encoder, logMel);
    }

    /// <summary>Tokens are uploaded in each run, as those of a query are.</summary>
    static PreparedRun Text(Device device, WorkloadSizes sizes)
    {
        var encoder = new BertEncoder(sizes.Bert, device, random: null).FillByFormula();
        var batch = Captions(sizes, sizes.Sentences);
        SentenceInputs? placed = null;
        return Replayed(device, () => [(placed = encoder.Place(batch, training: false)).Places],
            inputs => [encoder.Forward(placed! with { Places = inputs[0] })], encoder);
    }

    static PreparedRun TrainingStep(Device device, WorkloadSizes sizes, int pairs)
    {
        var run = new TrainingRun(device, sizes, pairs, new SpecAugmentOptions());
        return new(() => run.Step(), run, run.Model) { Captured = run.Captured };
    }

    /// <summary>Part of an encoder's batch: neither the waveform nor the spectrogram is copied for it.</summary>
    static PreparedRun LogMel(Device device, int clips, int samples)
    {
        float[] values = [.. Bench.Values((long)clips * samples).Select(value => value / 2)];
        var waveform = Tensor.From(values, [clips, samples], device);
        return Replayed(device, () => [], Run, waveform);

        Tensor[] Run(IReadOnlyList<Tensor> inputs)
        {
            Op.LogMel(waveform, LogMelSettings.Default).Dispose();
            return [];
        }
    }

    /// <summary>Part of a training step: neither the vectors nor their gradients are copied for it.</summary>
    static PreparedRun NtXent(Device device, int pairs, int dimension)
    {
        float[] values = Bench.Values(2L * pairs * dimension);
        var audio = Tensor.From(values.AsSpan(0, pairs * dimension), [pairs, dimension], device);
        var text = Tensor.From(values.AsSpan(pairs * dimension), [pairs, dimension], device);
        var numbers = Tensor.From(Enumerable.Range(0, pairs).ToArray(), [pairs], device);
        audio.RequiresGradient = text.RequiresGradient = true;
        return Replayed(device, () => [], Run, audio, text, numbers);

        Tensor[] Run(IReadOnlyList<Tensor> inputs)
        {
            using var scope = TensorScope.Begin();
            using (var tape = Tape.Begin()) tape.Backward(Op.NtXent(audio, text, numbers, numbers, new NtXentOptions()));
            audio.ClearGradient();
            text.ClearGradient();
            return [];
        }
    }

    /// <summary>Work that is recorded and replayed as a batch of the evaluation is, whose weights do not change.</summary>
    static PreparedRun Replayed(Device device, Func<Tensor[]> inputs, Func<IReadOnlyList<Tensor>, Tensor[]> work,
        params IDisposable[] owned)
    {
        var captured = new CapturedWork(device, Console.Error.WriteLine);
        return new(Run, [captured, .. owned]) { Captured = captured };

        void Run()
        {
            using var scope = TensorScope.Begin();
            captured.Run("batch", inputs(), place: default, state: [], work);
        }
    }

    /// <summary>Rows are those of a small block again and again: memory is read all the same.</summary>
    static PreparedRun Search(Device device, WorkloadSizes sizes, bool rounds)
    {
        const int BlockRows = 10_000;
        int dimension = sizes.Dimension;
        var rows = Tensor.Empty([sizes.SearchedRows, dimension], device);
        using (var block = Tensor.From(Values((long)BlockRows * dimension), [BlockRows, dimension], device))
            for (int first = 0; first < sizes.SearchedRows; first += BlockRows)
            {
                int here = Math.Min(BlockRows, sizes.SearchedRows - first);
                using Tensor source = block.Rows(0, here), target = rows.Rows(first, here);
                target.CopyFrom(source);
            }
        var query = Tensor.From(Bench.Values(dimension), [1, dimension], device);
        var rounded = rounds && device.ComputesInBFloat16 ? Op.Cast(rows, DType.BFloat16) : null;
        return new(Run, [rows, query, .. rounded is null ? (IDisposable[])[] : [rounded]]);

        void Run()
        {
            using var scope = TensorScope.Begin();
            Op.SearchRows(rows, query, Found, excluded: null, rounded);
        }
    }

    /// <summary>Sentences that fill the width, so that both sides compute the same number of tokens.</summary>
    public static TokenBatch Captions(WorkloadSizes sizes, int sentences) =>
        new([.. Enumerable.Range(0, sentences * sizes.Tokens).Select(i => 1 + i * 7919 % (sizes.Bert.VocabularySize - 1))],
            [.. Enumerable.Repeat(sizes.Tokens, sentences)], sizes.Tokens);

    /// <summary>A million numbers again and again: a gigabyte of new ones takes the host seconds.</summary>
    static float[] Values(long count)
    {
        float[] some = Bench.Values(Math.Min(count, 1_000_003)), values = new float[count];
        for (long i = 0; i < count; i += some.Length) some.AsSpan(0, (int)Math.Min(some.Length, count - i)).CopyTo(values.AsSpan((int)i));
        return values;
    }

    static string Bytes(int bytes) => bytes >= 1 << 30 ? $"{bytes >> 30} GiB" : $"{bytes >> 10} KiB";
}
