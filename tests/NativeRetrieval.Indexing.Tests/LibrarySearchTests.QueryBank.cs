using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing.Tests;

/// <summary>Sounds that are near to almost any sentence, taken down by a bank of sentences.</summary>
public sealed partial class LibrarySearchTests
{
    /// <summary>A bank that finds the second window of a file near to all that is asked.</summary>
    static float[] BankAbout(AudioIndexEntry hub) => [.. Enumerable.Range(0, 12).SelectMany(sentence =>
        hub.Windows[^1].Vector.ToArray().Select((value, i) => value + 0.3f * Samples.Vector(1_000 + sentence)[i]))];

    static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double dot = 0, squaresA = 0, squaresB = 0;
        for (int i = 0; i < a.Length; i++)
            (dot, squaresA, squaresB) = (dot + (double)a[i] * b[i], squaresA + (double)a[i] * a[i], squaresB + (double)b[i] * b[i]);
        return dot / Math.Sqrt(squaresA * squaresB);
    }

    [Fact]
    public void Hubness_is_the_logarithm_of_the_mean_of_the_exponentials_and_never_overflows()
    {
        Assert.Equal(0.2 * Math.Log((Math.Exp(0.5) + Math.Exp(-1) + Math.Exp(2.5)) / 3), QueryBank.Hubness([0.1f, -0.2f, 0.5f]), 1e-7);
        Assert.Equal(1000, QueryBank.Hubness([1000, 1000]), 1e-9);
    }

    [Theory]
    [InlineData(3, 11, 1)]
    [InlineData(16, 13, 16)]
    [InlineData(37, 10, 39)] // of no full vectors of the processor, nor of full tiles
    public void Hubness_of_many_sounds_is_that_of_each(int width, int sentences, int sounds)
    {
        float[] bank = Units(sentences, 0), units = Units(sounds, sentences);
        double[] hubness = new QueryBank(bank, width).HubnessOf(units);
        Assert.Equal(sounds, hubness.Length);
        for (int sound = 0; sound < sounds; sound++)
        {
            var unit = units[(sound * width)..((sound + 1) * width)];
            Assert.Equal(0.2 * Math.Log(bank.Chunk(width).Average(sentence => Math.Exp(5 * Cosine(unit, sentence)))), hubness[sound], 1e-6);
        }

        float[] Units(int count, int seed) => [.. Enumerable.Range(seed, count).SelectMany(vector =>
        {
            float[] values = [.. Enumerable.Range(0, width).Select(i => MathF.Sin(1.7f * vector + 0.9f * i * (1 + vector % 5)))];
            float length = MathF.Sqrt(values.Sum(value => value * value));
            return values.Select(value => value / length);
        })];
    }

    [Theory]
    [InlineData(HitGrouping.AllWindows)]
    [InlineData(HitGrouping.BestWindowPerFile)]
    public async Task A_bank_ranks_as_scores_less_hubness_do_and_leaves_the_scores(HitGrouping grouping)
    {
        float[] bank = BankAbout(_entries[5]), question = Samples.Vector(77);
        var query = new LibraryIndexQuery { Vector = question, WordWeight = 0, Top = 1_000, Grouping = grouping };
        var plain = (await _index.SearchAsync(query, TestContext.Current.CancellationToken)).ToList();
        var hits = (await _index.SearchAsync(query with { Bank = new QueryBank(bank, Samples.Dimension) },
            TestContext.Current.CancellationToken)).ToList();
        var windows = _entries.SelectMany(entry => entry.Windows.Select(window => (entry.File.FullPath, window)))
            .ToDictionary(item => (item.FullPath, item.window.StartSeconds), item => item.window.Vector);
        string[] expected = [.. plain.OrderByDescending(hit => hit.Score - Hubness(windows[(hit.Path, hit.StartSeconds)]))
            .Select(hit => $"{hit.Path} {hit.StartSeconds}")];
        Assert.Equal(expected, hits.Select(hit => $"{hit.Path} {hit.StartSeconds}"));
        Assert.NotEqual(expected, plain.Select(hit => $"{hit.Path} {hit.StartSeconds}"));
        Assert.Equal(Enumerable.Range(1, hits.Count), hits.Select(hit => hit.SoundRank!.Value));
        var scores = plain.ToDictionary(hit => hit.RowId, hit => hit.Score);
        Assert.All(hits, hit => Assert.Equal(scores[hit.RowId], hit.Score));

        double Hubness(ReadOnlyMemory<float> vector)
        {
            double sum = 0;
            for (int i = 0; i < bank.Length; i += Samples.Dimension)
                sum += Math.Exp(5 * Cosine(vector.Span, bank.AsSpan(i, Samples.Dimension)));
            return Math.Log(sum / (bank.Length / Samples.Dimension)) / 5;
        }
    }

    [Fact]
    public async Task A_hub_goes_down_also_where_words_have_found_it()
    {
        float[] question = [.. _entries[5].Windows[^1].Vector.ToArray().Select((value, i) => value + 0.5f * Samples.Vector(9)[i])];
        var query = new LibraryIndexQuery { Vector = question, WordWeight = 0.01, Words = ["door"] };
        Assert.Equal(_entries[5].File.FullPath, (await _index.SearchAsync(query, TestContext.Current.CancellationToken))[0].Path);
        var bank = new QueryBank(BankAbout(_entries[5]), Samples.Dimension);
        Assert.NotEqual(_entries[5].File.FullPath,
            (await _index.SearchAsync(query with { Bank = bank }, TestContext.Current.CancellationToken))[0].Path);
    }

    [Fact]
    public async Task A_bank_that_is_too_small_or_of_another_model_is_refused()
    {
        Assert.Contains("takes 10 or more", Assert.Throws<OptionException>(() => new QueryBank(new float[9 * 4], 4)).Message);
        Assert.Contains("sentence 3", Assert.Throws<IndexException>(() =>
            new QueryBank([.. Enumerable.Repeat(1f, 8), .. new float[4], .. Enumerable.Repeat(1f, 28)], 4)).Message);
        float[] ones = [.. Enumerable.Repeat(1f, 40)];
        var query = new LibraryIndexQuery { Vector = Samples.Vector(1), Bank = new QueryBank(ones, 4) };
        Assert.Contains("have 4 values, the index", (await Assert.ThrowsAsync<IndexException>(() =>
            _index.SearchAsync(query, TestContext.Current.CancellationToken))).Message);
    }
}
