using Microsoft.Data.Sqlite;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing.Tests;

/// <summary>The meaning of files' texts: their vectors, and how they are fused with words and sound.</summary>
public sealed partial class LibrarySearchTests
{
    static readonly TextScale _scale = new() { Mean = 0.2, Deviation = 0.1, Agreement = 0.9, Files = Files };

    /// <summary>A vector for each text that the index asks for: of a noun its own axis, and a little of the first one.</summary>
    async Task SetTextsAsync(TextScale? scale)
    {
        var token = TestContext.Current.CancellationToken;
        await _index.SetTextVectorsAsync([.. _index.TextsWithoutVectors().Select(text => (text, (ReadOnlyMemory<float>)TextVector(text)))],
            token);
        Assert.Empty(_index.TextsWithoutVectors());
        if (scale is not null) await _index.SetTextScaleAsync(scale, token);
    }

    static float[] TextVector(string text)
    {
        float[] vector = new float[12];
        for (int noun = 0; noun < _nouns.Length; noun++)
            if (text.Contains(_nouns[noun], StringComparison.Ordinal)) vector[noun] = 1;
        vector[10] = text.Contains("kiosk", StringComparison.Ordinal) ? 0.5f : 0.05f;
        return vector;
    }

    [Theory]
    [InlineData(1, 0.9)]
    [InlineData(0.3, 0.75)]
    [InlineData(50, null)]
    [InlineData(1, 0.5)]
    public async Task Sound_words_and_meaning_are_fused_by_their_standardised_scores(double weight, double? agreement)
    {
        var scale = _scale with { Agreement = agreement };
        await SetTextsAsync(scale);
        float[] scores = [.. Enumerable.Range(0, 1001).Select(i => 0.001f * i - 0.5f)];
        await _index.SetBackgroundAsync(new IndexBackground { Files = 5, Sentences = IndexBackground.QuantilesOf(scores), Sounds = [] },
            TestContext.Current.CancellationToken);
        float[] query = Samples.Vector(5), meaning = TextVector("dog");
        var hits = await Search(new LibraryIndexQuery { Vector = query, Words = ["bells"], TextVector = meaning, WordWeight = weight,
            Top = Files });
        Assert.Equal(_entries.Count, hits.Count);
        double deviation = Math.Sqrt(scores.Average(score => (double)score * score));
        double trust = agreement is { } area ? Math.Pow(2 * area - 1, 2) : 1;
        double[] fused = [.. hits.Select(hit =>
        {
            var entry = _entries.Single(entry => entry.File.FullPath == hit.Path);
            bool isBell = hit.Path.Contains("bell", StringComparison.Ordinal);
            Assert.Equal(isBell, hit.WordRank is not null);
            double cosine = Samples.Cosine(meaning, TextVector(hit.Path + entry.Details!.Description)), excess = (cosine - 0.2) / 0.1 - 2.5;
            Assert.Equal(excess > 0, hit.MeaningRank is not null);
            double sound = entry.Windows.Max(window => Samples.Cosine(query, window.Vector.Span)) / deviation;
            return (trust * sound) + (weight * (Math.Clamp(excess, 0, 3) + (isBell ? WordShare(hit.Path) : 0)));
        })];
        Assert.True(fused.Zip(fused.Skip(1)).All(pair => pair.First >= pair.Second - 0.06 * (1 + weight)), string.Join(' ', fused));
        int withTexts = hits.Count(hit => hit.WordRank is not null || hit.MeaningRank is not null);
        Assert.InRange(withTexts, 25, 40);
        if (agreement == 0.5) Assert.All(hits.Skip(withTexts), hit => Assert.Null(hit.WordRank ?? hit.MeaningRank));

        double WordShare(string path) => 6 * Bm25("bells").GetValueOrDefault(path) / Bm25("bells").Values.Max();
    }

    /// <summary>BM25 of a word by path, as SQLite says it.</summary>
    Dictionary<string, double> Bm25(string word)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(Folder, "catalogue.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT full_path, -bm25(words, 4, 2, 4, 2, 3, 1) FROM words JOIN files ON first_row = words.rowid "
            + $"WHERE words MATCH '{word}'";
        var scores = new Dictionary<string, double>();
        using var row = command.ExecuteReader();
        while (row.Read()) scores.Add(row.GetString(0), row.GetDouble(1));
        return scores;
    }

    [Fact]
    public async Task A_model_that_hears_at_chance_takes_no_place_from_a_word()
    {
        float[] query = Samples.Vector(5);
        var question = new LibraryIndexQuery { Vector = query, Words = ["kiosk", "field"], Top = Files };
        await SetTextsAsync(_scale with { Agreement = 0.5 });
        var deaf = await Search(question);
        int withWords = deaf.Count(hit => hit.WordRank is not null);
        Assert.InRange(withWords, 50, 70);
        Assert.All(deaf.Take(withWords), hit => Assert.NotNull(hit.WordRank));
        // What no word tells apart is left to the sound.
        Assert.Equal(deaf.Skip(withWords).Select(hit => hit.SoundRank).Order(), deaf.Skip(withWords).Select(hit => hit.SoundRank));
        await SetTextsAsync(_scale with { Agreement = 1 });
        Assert.NotEqual(deaf.Select(hit => hit.Path), (await Search(question)).Select(hit => hit.Path));
    }

    [Fact]
    public async Task Vectors_of_texts_are_kept_once_and_go_with_the_last_file_that_has_them()
    {
        var token = TestContext.Current.CancellationToken;
        Assert.Equal(_index.TextsWithoutVectors().Count, _index.TextsWithoutVectors().Distinct().Count());
        Assert.Contains("dog, far", _index.TextsWithoutVectors());
        await SetTextsAsync(_scale);
        Assert.Equal(_scale, _index.TextScale());
        Assert.True(_index.Verify().IsIntact);
        var dogs = _entries.Where(entry => entry.File.FullPath.Contains("dog_", StringComparison.Ordinal)).ToList();
        await _index.DeleteAsync([.. dogs.Select(entry => entry.File.FullPath)], token);
        await _index.SetTextVectorsAsync([], token);
        await _index.UpsertAsync(dogs[0], token);
        Assert.Single(_index.TextsWithoutVectors());
        // A text that was read is known of any file that comes to have it, and without vectors a search goes by words.
        await SetTextsAsync(null);
        await _index.UpsertAsync(dogs[0] with { File = dogs[0].File with { FullPath = "/library/Field/Dog 77.wav" } }, token);
        Assert.Empty(_index.TextsWithoutVectors());
        var hits = await Search(new LibraryIndexQuery { Vector = Samples.Vector(1), TextVector = TextVector("dog") });
        Assert.Equal(["/library/Field/Dog 77.wav", dogs[0].File.FullPath], hits.Where(hit => hit.MeaningRank is not null)
            .Select(hit => hit.Path).Order(StringComparer.Ordinal));
        await Assert.ThrowsAsync<IndexException>(() => Search(new LibraryIndexQuery
        {
            Vector = Samples.Vector(1), TextVector = new float[3],
        }));
        await Assert.ThrowsAsync<IndexException>(() => _index.SetTextVectorsAsync([("x", new float[5])], token));
        await Assert.ThrowsAsync<OptionException>(() => _index.SetTextScaleAsync(_scale with { Deviation = 0 }, token));
    }

    [Fact]
    public async Task A_damaged_vector_of_a_text_is_found()
    {
        await SetTextsAsync(_scale);
        _index.Dispose();
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(Folder, "catalogue.db")};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "UPDATE texts SET vector = zeroblob(24) WHERE key = (SELECT MAX(key) FROM texts)";
            Assert.Equal(1, command.ExecuteNonQuery());
        }
        using var index = LocalAudioIndex.Open(Folder, IndexAccess.Read);
        Assert.Contains("does not match its checksum", Assert.Single(index.Verify().Problems));
        await Assert.ThrowsAsync<IndexCorruptException>(() => index.SearchAsync(new LibraryIndexQuery
        {
            Vector = Samples.Vector(1), TextVector = TextVector("dog"),
        }, TestContext.Current.CancellationToken));
    }
}
