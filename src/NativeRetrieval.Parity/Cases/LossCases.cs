using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Parity.Cases;

/// <summary>NT-Xent in all its forms on batches of several sizes: loss and both gradients.</summary>
static class LossCases
{
    const string File = "nt-xent.safetensors";

    static readonly (string Name, Positives Positives, LossScale Scale)[] _forms =
    [
        ("report_sum", Positives.Paper, LossScale.Sum),
        ("authors_code", Positives.Paper, LossScale.Mean),
        ("multi_positive", Positives.Clip, LossScale.Sum),
        ("siblings_dropped", Positives.Dropped, LossScale.Sum),
    ];

    public static IEnumerable<ParityCase> All =>
        from form in _forms
        from precision in new[] { (DType: DType.Float64, Tolerance: 1e-10), (DType: DType.Float32, Tolerance: 1e-5) }
        select new ParityCase($"NT-Xent, {form.Name.Replace('_', ' ')}, {precision.DType.ToString().ToLowerInvariant()}",
            precision.Tolerance, [File],
            folder => Measure(folder, form.Name, form.Positives, form.Scale, precision.DType, precision.Tolerance))
        {
            OnAnyDevice = precision.DType == DType.Float32,
        };

    static WorstError Measure(ParityFolder folder, string form, Positives positives, LossScale scale, DType dtype, double tolerance)
    {
        using var golden = folder.Open(File);
        var options = new NtXentOptions(golden.Numbers("temperature", "(.+)")[0], positives, scale);
        var worst = new WorstError();
        foreach (string batch in golden.Names.Select(name => name.Split('/')[0]).Distinct())
        {
            using var scope = TensorScope.Begin();
            using var tape = Tape.Begin();
            var (audio, text) = (golden.Load($"{batch}/audio", dtype, folder.Device), golden.Load($"{batch}/text", dtype, folder.Device));
            (audio.RequiresGradient, text.RequiresGradient) = (true, true);
            int[] clips = [.. golden.ReadInt64($"{batch}/clip_id").Select(id => (int)id)];
            var clipIds = Tensor.From(clips, [clips.Length], folder.Device);
            var textIds = Tensor.From(Enumerable.Range(0, clips.Length).ToArray(), [clips.Length], folder.Device);
            var loss = Op.NtXent(audio, text, clipIds, textIds, options);
            tape.Backward(loss);
            Add("loss", loss);
            Add("grad_audio", audio.Gradient!);
            Add("grad_text", text.Gradient!);

            void Add(string part, Tensor actual)
            {
                string name = $"{batch}/{form}/{part}";
                // One item, or all others dropped: loss and gradient are 0 up to rounding, and a relative error means nothing.
                if (golden.ReadFloat64(name).All(value => Math.Abs(value) < 1e-12))
                    worst.Add(actual.Values().Max(Math.Abs) / 1e-6 * tolerance, name);
                else worst.Add(golden, name, actual);
            }
        }
        return worst;
    }
}
