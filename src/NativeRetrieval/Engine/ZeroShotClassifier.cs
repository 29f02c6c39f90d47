using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;

namespace NativeRetrieval.Engine;

/// <summary>
/// Zero-shot classification (Radford et al. 2021, section 3.1): each label becomes a sentence, and a sound belongs to the labels whose
/// sentences its vector is most similar to. No training on the labels is needed.
/// </summary>
public sealed class ZeroShotClassifier
{
    /// <summary>Sentence around a label, the one that CLAP's authors use.</summary>
    public const string DefaultTemplate = "This is a sound of {}.";

    /// <summary>Factor of the cosines where the model has learned none: the inverse of the report's temperature, 0.07.</summary>
    public const double DefaultScale = 1 / 0.07;

    const string Place = "{}";

    readonly float[] _vectors;

    /// <param name="engine">Model of the sentences and the sounds.</param>
    /// <param name="labels">Labels, each once; at least two.</param>
    /// <param name="template">Sentence with <c>{}</c> in the label's place.</param>
    /// <exception cref="OptionException">
    /// There are fewer than two labels, one is empty or repeated, or the template has no place.
    /// </exception>
    public ZeroShotClassifier(RetrievalEngine engine, IReadOnlyList<string> labels, string template = DefaultTemplate)
    {
        if (labels.Count < 2)
            throw new OptionException(
                $"{labels.Count} {(labels.Count == 1 ? "label" : "labels")}: shares are among labels; give at least two");
        if (labels.FirstOrDefault(string.IsNullOrWhiteSpace) is not null)
            throw new OptionException("a label is empty; each is a word or a few");
        if (labels.GroupBy(label => label, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } repeated)
            throw new OptionException($"the label \"{repeated.Key}\" comes {repeated.Count()} times; give each once");
        if (!template.Contains(Place, StringComparison.Ordinal))
            throw new OptionException($"the template \"{template}\" has no {Place}, which is replaced by each label");
        (Labels, Scale) = ([.. labels], engine.Model.Config.LogitScale?.AudioToText ?? DefaultScale);
        _vectors = engine.EmbedTexts([.. labels.Select(label => template.Replace(Place, label, StringComparison.Ordinal))]);
    }

    /// <summary>Labels in the order given.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>
    /// Factor of the cosines under the soft-max: <see cref="LogitScale.AudioToText"/> where the model has learned one, such as CLAP's,
    /// else <see cref="DefaultScale"/>. The larger it is, the more of the share goes to the best label.
    /// </summary>
    public double Scale { get; }

    /// <summary>
    /// Shares of the labels, the largest first: the soft-max over the labels of the cosine of sound and sentence times <see cref="Scale"/>.
    /// They add up to 1, also where the sound is none of the labels.
    /// </summary>
    /// <param name="windows">Windows of one sound; the cosines of several are averaged, each with the weight of its length.</param>
    public IReadOnlyList<LabelShare> Classify(IReadOnlyList<AudioWindow> windows)
    {
        var cosines = new double[Labels.Count];
        double length = windows.Sum(window => window.EndSeconds - window.StartSeconds);
        foreach (var window in windows)
        {
            double weight = length > 0 ? (window.EndSeconds - window.StartSeconds) / length : 1.0 / windows.Count;
            var sound = window.Vector.Span;
            for (int label = 0; label < cosines.Length; label++)
            {
                var sentence = _vectors.AsSpan(label * sound.Length, sound.Length);
                double dot = 0;
                for (int i = 0; i < sound.Length; i++) dot += (double)sentence[i] * sound[i];
                cosines[label] += weight * dot;
            }
        }
        double largest = cosines.Max(), sum = cosines.Sum(cosine => Math.Exp(Scale * (cosine - largest)));
        return [.. cosines.Select((cosine, i) => new LabelShare(Labels[i], Math.Exp(Scale * (cosine - largest)) / sum, cosine))
            .OrderByDescending(share => share.Cosine)];
    }
}

/// <summary>The share that a label has in a sound.</summary>
/// <param name="Share">0 … 1; the shares of all labels add up to 1.</param>
/// <param name="Cosine">Cosine similarity of the sound and the label's sentence, −1 … 1.</param>
public sealed record LabelShare(string Label, double Share, double Cosine);
