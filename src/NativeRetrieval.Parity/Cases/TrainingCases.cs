using System.Globalization;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Text;

namespace NativeRetrieval.Parity.Cases;

/// <summary>Optimisation steps of the whole system, step by step: encoders, heads, NT-Xent, clipping, Adam.</summary>
static class TrainingCases
{
    const string Small = "training-small.safetensors", Full = "training-full.safetensors", MiniLm = "weights/all-MiniLM-L6-v2";

    public static IEnumerable<ParityCase> All =>
    [
        new("training, small, 20 steps: losses, gradient norms, embeddings, float64", 1e-8, [Small], Exact),
        new("training, small, 20 steps: losses, float32", 1, [Small], folder =>
        {
            using var golden = folder.Open(Small);
            using var run = SmallRun(folder, golden, DType.Float32);
            return AgainstFloat32(golden, run, firstSteps: 10, folder.Device.Precision);
        }) { Unit = Allowed, OnAnyDevice = true, Reduced = _reduced },
        new("training, CNN14 and MiniLM, 8 steps: losses, float32", 1, [Full, MiniLm], folder =>
        {
            using var golden = folder.Open(Full);
            using var run = FullRun(folder, golden, folder.Require(MiniLm));
            return AgainstFloat32(golden, run, firstSteps: 0, folder.Device.Precision);
        }) { Unit = Allowed, OnAnyDevice = true, Reduced = _reduced },
    ];

    const string Allowed = "of 10x PyTorch float32's own", AllowedReduced = "of what rounding allows";

    static readonly ReducedTolerance _reduced = new(1, 1, AllowedReduced);

    /// <summary>
    /// Twice what the first loss is off by in the mean: embeddings are off by a relative ε = 1.2e-2 in bfloat16 and 1.0e-3 in TF32 (<see
    /// cref="ReducedTolerance"/>), a cosine of 32 numbers by ε·√(2/32), a logit by that over 0.07, the mean of 8 by that over √8, and the
    /// loss is about 3.
    /// </summary>
    const double FirstOfBFloat16 = 1e-2, FirstOfTf32 = 1e-3;

    static WorstError Exact(ParityFolder folder)
    {
        using var golden = folder.Open(Small);
        using var run = SmallRun(folder, golden, DType.Float64);
        var (losses, norms) = run.Train();
        var worst = new WorstError();
        worst.AddRelative(golden.ReadFloat64("loss"), losses, "losses");
        worst.AddRelative(golden.ReadFloat64("grad_norm_before_clip"), norms, "gradient norms");
        run.AddEmbeddings(worst);
        return worst;
    }

    /// <summary>
    /// Training amplifies rounding, so that a step may differ from float64 by ten times the running maximum of what PyTorch's own float32
    /// differs by,
    /// or by 1e-5; the first steps by no more than 1e-4. The error is the share of that.
    /// </summary>
    static WorstError AgainstFloat32(SafetensorsFile golden, TrainingRun run, int firstSteps, Precision precision)
    {
        double[] losses = run.Train().Losses, expected = golden.ReadFloat64("loss");
        double[] own = [.. golden.Metadata["pytorch_float32_error_loss"].Split(' ')
            .Select(v => double.Parse(v, CultureInfo.InvariantCulture))];
        double[] errors = [.. losses.Zip(expected, (ours, theirs) => Math.Abs(ours - theirs) / theirs)];
        string all = string.Join(" ", errors.Select(error => error.ToString("E1", CultureInfo.InvariantCulture)));
        var worst = new WorstError();
        double running = 0;
        for (int step = 0; step < errors.Length; step++)
        {
            running = Math.Max(running, own[step]);
            double allowed = Math.Max(1e-5, 10 * running);
            if (step < firstSteps) allowed = Math.Min(allowed, 1e-4);
            if (precision != Precision.Float32) allowed = Rounded(step, precision);
            worst.Add(errors[step] / allowed, $"step {step + 1}; relative errors {all}");
        }
        return worst;
    }

    /// <summary>
    /// Each step adds as much as the first in bfloat16. TF32 begins at an eighth of it, but training multiplies a difference by up to ten a
    /// step, and few steps later it is as large.
    /// </summary>
    static double Rounded(int step, Precision precision) =>
        step == 0 && precision == Precision.Tf32 ? FirstOfTf32 : FirstOfBFloat16 * (step + 1);

    static TrainingRun SmallRun(ParityFolder folder, SafetensorsFile golden, DType dtype)
    {
        var recipe = TrainingRecipe.Read(golden);
        return new(golden, recipe, Model(folder, recipe.Model, null, dtype));
    }

    static TrainingRun FullRun(ParityFolder folder, SafetensorsFile golden, string miniLm)
    {
        var recipe = TrainingRecipe.Read(golden, BertFolder.ReadConfig(miniLm) with { Pooling = TextPooling.Cls });
        return new(golden, recipe, Model(folder, recipe.Model, miniLm, DType.Float32));
    }

    static RetrievalModel Model(ParityFolder folder, RetrievalModelConfig config, string? textFolder, DType dtype)
    {
        var tokenizer = new TextTokenizer(Vocabulary.FromCaptions(["unused"]));
        var model = new RetrievalModel(config, tokenizer, folder.Device, new PhiloxSequence(default),
            textFolder is null ? null : BertFolder.ReadEncoder(textFolder, folder.Device, out _, config.TextEncoder), dtype: dtype);
        int seed = FormulaSeed.Of(folder);
        foreach (var (name, tensor) in model.State())
            if (textFolder is null || !name.StartsWith("text_enc.", StringComparison.Ordinal))
                tensor.Fill(FormulaWeights.Of(name.Replace("audio_enc.", "").Replace("text_enc.", ""), seed, tensor.Shape.Sizes.ToArray()));
        return model;
    }
}
