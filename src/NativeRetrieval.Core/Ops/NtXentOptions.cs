using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Core.Ops;

/// <summary>Which other items of a batch count as right answers for a caption.</summary>
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

/// <summary>How the two directions of the loss are joined.</summary>
public enum LossScale
{
    /// <summary>text-to-audio + audio-to-text (equation 2 of the report).</summary>
    Sum,

    /// <summary>Half of the sum (the report's public code).</summary>
    Mean,
}

/// <param name="Temperature">τ &gt; 0; 0.07 in the report.</param>
public sealed record NtXentOptions(double Temperature = 0.07, Positives Positives = Positives.Paper, LossScale Scale = LossScale.Sum)
{
    public void Validate()
    {
        if (!(Temperature > 0) || !double.IsFinite(Temperature))
            throw new OptionException($"NT-Xent: the temperature must be above 0, got {Temperature}");
    }
}
