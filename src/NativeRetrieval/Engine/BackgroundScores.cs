using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;

namespace NativeRetrieval.Engine;

/// <summary>
/// Brings up to date what an index knows of scores: its <see cref="IndexBackground"/>, by 60 sentences of everyday sounds against up to
/// 500 windows of different files, and these windows against each other; the vectors of the files' texts; and their
/// <see cref="TextScale"/>. Background and scale are made anew where the index has doubled, or halved, since.
/// </summary>
/// <param name="read">Vectors of sentences, in float32: the index keeps them, and one index has one precision.</param>
internal sealed class BackgroundScores(ILibraryIndex index, Func<IReadOnlyList<string>, TextVectors> read)
{
    const int Windows = 500;

    /// <summary>Texts that are read as one step.</summary>
    const int TextsPerCommit = 1_024;

    /// <summary>Files with a text from which their agreement with sounds is measured: of fewer it would be chance.</summary>
    const int LeastTexts = 20;

    /// <summary>Sounds of many kinds, so that hardly any fits a given recording.</summary>
    static readonly string[] _sentences =
    [
        "a dog is barking", "a cat meows", "birds are singing in a forest", "a rooster crows", "a cow moos", "a horse gallops",
            "bees are buzzing",
        "crickets chirp at night", "a wolf howls", "frogs croak by a pond", "rain falls on a roof", "thunder rolls in the distance",
        "wind blows through trees", "waves break on a beach", "a river flows", "a fire crackles", "water drips into a basin", "ice cracks",
        "a man is speaking", "a woman laughs", "a baby cries", "children play and shout", "a crowd cheers", "people applaud",
            "someone coughs",
        "someone sneezes", "a person snores", "footsteps on gravel", "someone whistles a tune", "a choir sings", "a piano plays slowly",
        "an electric guitar plays a riff", "drums beat a fast rhythm", "a violin plays", "a trumpet sounds", "an orchestra plays",
            "a church bell tolls",
        "a door creaks open", "a door slams", "glass breaks", "a clock ticks", "a telephone rings", "someone types on a keyboard",
        "a vacuum cleaner runs", "dishes clatter in a kitchen", "a toilet is flushed", "a washing machine spins", "paper is torn",
        "a hammer hits a nail", "a saw cuts wood", "an electric drill", "a car drives past", "a motorcycle starts", "a train passes by",
        "an aeroplane flies overhead", "a helicopter hovers", "a siren wails", "a ship's horn", "a gun is fired", "fireworks explode",
    ];

    public async Task UpdateAsync(CancellationToken cancellation)
    {
        foreach (string[] texts in (await index.TextsWithoutVectorsAsync(cancellation)).Chunk(TextsPerCommit))
        {
            cancellation.ThrowIfCancellationRequested();
            float[] vectors = Read(texts).Encoded;
            int width = vectors.Length / texts.Length;
            await index.SetTextVectorsAsync(
                [.. texts.Select((text, i) => (text, (ReadOnlyMemory<float>)vectors.AsMemory(i * width, width)))], cancellation);
        }
        long files = (await index.StatsAsync(cancellation)).Files;
        bool hasBackground = IsFresh((await index.BackgroundAsync(cancellation))?.Files),
            hasScale = IsFresh((await index.TextScaleAsync(cancellation))?.Files);
        if (files < 2 || (hasBackground && hasScale)) return;
        var sample = await index.SampleVectorsAsync(Windows, cancellation);
        var sentences = Read(_sentences);
        if (!hasBackground) await index.SetBackgroundAsync(Background(files, sentences.Vectors, sample, cancellation), cancellation);
        if (!hasScale) await index.SetTextScaleAsync(Scale(files, sentences.Encoded, sample), cancellation);

        bool IsFresh(long? known) => known < 2 * files && files < 2 * known;
    }

    TextVectors Read(IReadOnlyList<string> texts) => read(texts) is { Precision: TextPrecision.Float32 } vectors ? vectors
        : throw new OptionException("an index keeps the vectors of texts in float32, so that all can be compared, and these were read in 8 "
            + "bits; read them by RetrievalEngine.OpenAgain(ModelParts.Text, TextPrecision.Float32)");

    IndexBackground Background(long files, float[] sentences, IReadOnlyList<(string Text, float[] Vector)> sample,
        CancellationToken cancellation)
    {
        int width = index.Settings.Dimension;
        var bySentence = new List<float>(_sentences.Length * sample.Count);
        for (int i = 0; i < _sentences.Length; i++)
            foreach (var (_, window) in sample) bySentence.Add(Dot(sentences.AsSpan(i * width, width), window));
        var bySound = new List<float>(sample.Count * (sample.Count - 1) / 2);
        for (int i = 0; i < sample.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int j = 0; j < i; j++) bySound.Add(Dot(sample[i].Vector, sample[j].Vector));
        }
        return new IndexBackground
        {
            Files = files, Sentences = IndexBackground.QuantilesOf([.. bySentence]), Sounds = IndexBackground.QuantilesOf([.. bySound]),
        };
    }

    TextScale Scale(long files, float[] sentences, IReadOnlyList<(string Text, float[] Vector)> sample)
    {
        int width = sentences.Length / _sentences.Length;
        var cosines = new List<double>(_sentences.Length * (_sentences.Length - 1) / 2);
        for (int i = 0; i < _sentences.Length; i++)
            for (int j = 0; j < i; j++) cosines.Add(Dot(sentences.AsSpan(i * width, width), sentences.AsSpan(j * width, width)));
        double mean = cosines.Average(), deviation = Math.Sqrt(cosines.Average(cosine => (cosine - mean) * (cosine - mean)));
        return new TextScale { Mean = mean, Deviation = Math.Max(deviation, 1e-6), Agreement = Agreement(sample), Files = files };
    }

    /// <summary>
    /// Mean share of the other files whose sound fits a file's text less than its own sound does (the area under the ROC curve); files
    /// with the same text are no others. Null: too few have a text.
    /// </summary>
    double? Agreement(IReadOnlyList<(string Text, float[] Vector)> sample)
    {
        var named = sample.Where(file => file.Text.Length > 0).ToList();
        string[] texts = [.. named.Select(file => file.Text).Distinct()];
        if (named.Count < LeastTexts || texts.Length < 2) return null;
        float[] vectors = Read(texts).Vectors;
        int width = index.Settings.Dimension;
        double sum = 0;
        for (int text = 0; text < texts.Length; text++)
        {
            var sentence = vectors.AsSpan(text * width, width);
            List<float> own = [], others = [];
            foreach (var (name, vector) in named) (name == texts[text] ? own : others).Add(Dot(sentence, vector));
            foreach (float score in own)
                sum += (others.Count(other => other < score) + 0.5 * others.Count(other => other == score)) / others.Count;
        }
        return sum / named.Count;
    }

    static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += (double)a[i] * b[i];
        return (float)sum;
    }
}
