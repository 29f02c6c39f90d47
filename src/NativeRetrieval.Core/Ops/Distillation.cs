using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

/// <summary>Settings of <see cref="Op.Distillation"/>.</summary>
/// <param name="Temperature">τ &gt; 0 of the scores that are trained.</param>
/// <param name="TeacherTemperature">τ′ &gt; 0 of the teacher's scores: the smaller, the closer the targets are to its first choice.</param>
/// <param name="Scale">Joining of the two directions.</param>
public sealed record DistillationOptions(double Temperature = 0.07, double TeacherTemperature = 0.07, LossScale Scale = LossScale.Sum)
{
    /// <exception cref="OptionException">A temperature is not a number above 0.</exception>
    public void Validate()
    {
        Require(Temperature, "temperature");
        Require(TeacherTemperature, "teacher's temperature");

        static void Require(double temperature, string name)
        {
            if (!(temperature > 0) || !double.IsFinite(temperature))
                throw new OptionException($"Distillation: the {name} must be above 0, got {temperature}");
        }
    }
}

public static partial class Op
{
    /// <summary>
    /// Cross-entropy of a batch of pairs against a teacher's scores (Hinton et al. 2015; between sounds and sentences as in Primus et al.
    /// 2024, arXiv 2408.11641): <c>sᵢⱼ = aᵢ·tⱼ/τ</c>, <c>qᵢⱼ = softmaxⱼ(rᵢⱼ/τ′)</c>, <c>L = −1/B Σᵢⱼ qᵢⱼ log softmaxⱼ(sᵢⱼ)</c> plus
    /// the same over columns. Its least value is the teacher's own entropy. Loss and both gradients come from one pass.
    /// </summary>
    /// <param name="audio">a, [B, D], B ≥ 1, float32 or float64, contiguous: unit vectors, as <see cref="L2Normalize"/> makes them.</param>
    /// <param name="text">t, [B, D], unit vectors.</param>
    /// <param name="teacher">r, [B, B], the teacher's cosine of sound i and sentence j; it gets no gradient.</param>
    /// <returns>[], the loss.</returns>
    public static Tensor Distillation(Tensor audio, Tensor text, Tensor teacher, DistillationOptions options)
    {
        Expect.Real(audio);
        Expect.Contiguous(audio);
        Shape.ExpectRank(audio, 2, "[B, D]");
        Expect.Same(text, audio);
        int batch = audio.Shape[0];
        if (batch == 0) throw new ShapeException("Distillation: the batch is empty");
        Expect.Alike(teacher, audio);
        Expect.Contiguous(teacher);
        Shape.Expect(teacher, [batch, batch], "a score of each sound and each sentence");
        options.Validate();

        var loss = Tensor.Empty([], audio.Device, audio.DType);
        bool wanted = Tape.Follows(audio) || Tape.Follows(text);
        var dAudio = wanted ? Tensor.EmptyLike(audio) : null;
        var dText = wanted ? Tensor.EmptyLike(text) : null;
        audio.Backend.Distillation(audio, text, teacher, options, loss, dAudio, dText);
        return Tape.Record(loss, [audio, text], wanted ? [dAudio!, dText!] : [], null, static ctx =>
        [
            ctx.Wants(0) ? ScaleBy(ctx.Saved[0], ctx.OutputGradient) : null,
            ctx.Wants(1) ? ScaleBy(ctx.Saved[1], ctx.OutputGradient) : null,
        ]);
    }
}

internal partial interface IBackend
{
    /// <summary>dAudio and dText are both given or both null.</summary>
    void Distillation(Tensor audio, Tensor text, Tensor teacher, DistillationOptions options, Tensor loss, Tensor? dAudio, Tensor? dText);
}
