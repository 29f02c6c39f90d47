using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

/// <summary>The items of a batch that count as right answers for a caption.</summary>
public enum Positives
{
    /// <summary>Only the pair itself (the report).</summary>
    Paper,

    /// <summary>Every item of the same clip; the target is uniform over them.</summary>
    Clip,

    /// <summary>Every item of the same clip or with the same caption text.</summary>
    SameText,

    /// <summary>Only the pair itself; other items of the same clip or text leave the denominator.</summary>
    Dropped,
}

/// <summary>The way in which the two directions of the loss are joined.</summary>
public enum LossScale
{
    /// <summary>text-to-audio + audio-to-text (equation 2 of the report).</summary>
    Sum,

    /// <summary>Half of the sum (the report's public code).</summary>
    Mean,
}

/// <summary>Settings of <see cref="Op.NtXent"/>.</summary>
/// <param name="Temperature">τ &gt; 0; 0.07 in the report.</param>
public sealed record NtXentOptions(double Temperature = 0.07, Positives Positives = Positives.Paper, LossScale Scale = LossScale.Sum)
{
    /// <exception cref="OptionException">The temperature is not a number above 0.</exception>
    public void Validate()
    {
        if (!(Temperature > 0) || !double.IsFinite(Temperature))
            throw new OptionException($"NtXent: the temperature must be above 0, got {Temperature}");
    }
}

public static partial class Op
{
    /// <summary>
    /// NT-Xent over a batch of pairs (Chen et al. 2020; equation 2 of the report), cosine included:
    /// <c>sᵢⱼ = cos(aᵢ, tⱼ)/τ</c>, <c>L = −1/B Σᵢ 1/|Pᵢ| Σ_{j∈Pᵢ} log softmaxⱼ(sᵢⱼ)</c> plus the same over columns. Pᵢ are the positives of
    /// item i. Loss and both gradients come from one pass; soft-max is taken against the row's maximum.
    /// </summary>
    /// <param name="audio">a, [B, D], B ≥ 1; need not be normalised. A zero vector has cosine 0 with everything.</param>
    /// <param name="text">t, [B, D].</param>
    /// <param name="clips">int32 [B]: items with equal numbers are of one clip. Unused for <see cref="Positives.Paper"/>.</param>
    /// <param name="texts">int32 [B]: items with equal numbers have one caption text; used for same-text and dropped.</param>
    /// <returns>[], the loss.</returns>
    public static Tensor NtXent(Tensor audio, Tensor text, Tensor clips, Tensor texts, NtXentOptions options)
    {
        Expect.Real(audio);
        Expect.Contiguous(audio);
        Shape.ExpectRank(audio, 2, "[B, D]");
        Expect.Same(text, audio);
        int batch = audio.Shape[0];
        if (batch == 0) throw new ShapeException("NtXent: the batch is empty");
        Expect.Lengths(clips, batch, audio);
        Expect.Lengths(texts, batch, audio);
        options.Validate();

        var loss = Tensor.Empty([], audio.Device, audio.DType);
        bool wanted = Tape.Follows(audio) || Tape.Follows(text);
        var dAudio = wanted ? Tensor.EmptyLike(audio) : null;
        var dText = wanted ? Tensor.EmptyLike(text) : null;
        audio.Backend.NtXent(audio, text, clips, texts, options, loss, dAudio, dText);
        loss = Tape.Record(loss, [audio, text], wanted ? [dAudio!, dText!] : [], null, static ctx =>
        [
            ctx.Wants(0) ? Scaled(ctx, ctx.Saved[0]) : null,
            ctx.Wants(1) ? Scaled(ctx, ctx.Saved[1]) : null,
        ]);
        // The tape alone has them now: gradients of a loss that nothing follows are handed on as they are.
        dAudio?.Dispose();
        dText?.Dispose();
        return loss;

        static Tensor Scaled(BackwardContext ctx, Tensor gradient) => ctx.IsLoss ? gradient : ScaleBy(gradient, ctx.OutputGradient);
    }
}

internal partial interface IBackend
{
    /// <summary>dAudio and dText are both given or both null.</summary>
    void NtXent(Tensor audio, Tensor text, Tensor clips, Tensor texts, NtXentOptions options, Tensor loss, Tensor? dAudio, Tensor? dText);
}
