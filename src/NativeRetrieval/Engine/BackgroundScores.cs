using NativeRetrieval.Indexing;

namespace NativeRetrieval.Engine;

/// <summary>
/// Makes an index's <see cref="IndexBackground"/>: 60 sentences of everyday sounds against up to 500 windows of different files, and these
/// windows against each other. It is made anew where the index has doubled, or halved, since.
/// </summary>
internal static class BackgroundScores
{
    const int Windows = 500;

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

    /// <param name="embed">Unit vectors of sentences, [count, D].</param>
    public static async Task UpdateAsync(ILibraryIndex index, Func<IReadOnlyList<string>, float[]> embed,
        CancellationToken cancellation)
    {
        long files = (await index.StatsAsync(cancellation)).Files;
        if (files < 2 || (await index.BackgroundAsync(cancellation) is { } known && known.Files < 2 * files
            && files < 2 * known.Files)) return;
        var sample = await index.SampleVectorsAsync(Windows, cancellation);
        int width = index.Settings.Dimension;
        float[] sentences = embed(_sentences);
        var bySentence = new List<float>(_sentences.Length * sample.Count);
        for (int i = 0; i < _sentences.Length; i++)
            foreach (float[] window in sample) bySentence.Add(Dot(sentences.AsSpan(i * width, width), window));
        var bySound = new List<float>(sample.Count * (sample.Count - 1) / 2);
        for (int i = 0; i < sample.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int j = 0; j < i; j++) bySound.Add(Dot(sample[i], sample[j]));
        }
        await index.SetBackgroundAsync(new IndexBackground
        {
            Files = files,
            Sentences = IndexBackground.QuantilesOf([.. bySentence]),
            Sounds = IndexBackground.QuantilesOf([.. bySound]),
        }, cancellation);
    }

    static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += (double)a[i] * b[i];
        return (float)sum;
    }
}
