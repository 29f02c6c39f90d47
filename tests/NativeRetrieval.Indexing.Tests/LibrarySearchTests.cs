using Microsoft.Data.Sqlite;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage;
using NativeRetrieval.Indexing.Storage.Segments;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Indexing.Tests;

/// <summary>Search by sound and words with filters, against the same over plain lists.</summary>
public sealed partial class LibrarySearchTests : IDisposable
{
    const int Files = 120;

    static readonly string[] _nouns = ["door", "rain", "dog", "bell", "engine", "crowd", "river"];

    readonly TemporaryFolder _temporary = new();
    readonly LocalAudioIndex _index;
    readonly List<AudioIndexEntry> _entries;

    public LibrarySearchTests()
    {
        _index = LocalAudioIndex.Create(Folder, Samples.Settings, orOpen: false, DiskIo.Shared, maxSegmentRows: 50);
        _entries = [.. Enumerable.Range(0, Files).Select(Entry)];
        _index.UpsertAsync(_entries, CancellationToken.None).GetAwaiter().GetResult();
        // Rows in the middle of segments are deleted.
        _index.DeleteAsync([.. _entries.Where((_, i) => i % 17 == 3).Select(entry => entry.File.FullPath)]).GetAwaiter().GetResult();
        _entries.RemoveAll(entry => _entries.IndexOf(entry) % 17 == 3);
    }

    string Folder => _temporary["sounds.nrx"];

    public void Dispose()
    {
        _index.Dispose();
        _temporary.Dispose();
    }

    static AudioIndexEntry Entry(int number)
    {
        var entry = Samples.Entry(number, windows: 1 + number % 5);
        string noun = _nouns[number % _nouns.Length];
        return entry with
        {
            File = entry.File with { FullPath = $"/library/{(number % 2 == 0 ? "Field" : "Foley")}/{noun}_{number:000}.wav" },
            Details = new SoundDetails
            {
                DurationSeconds = 5 + 5 * (1 + number % 5), SampleRateHz = number % 3 == 0 ? 48_000 : 44_100, Channels = 1 + number % 2,
                Category = number % 4 == 0 ? "DOORS-WOOD" : null, CatId = number % 4 == 0 ? "DOORWood" : null,
                Tags = number % 5 == 0 ? ["Loud", "near"] : ["far"], Description = number % 11 == 0 ? "a wet kiosk" : null,
                AddedUtc = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddDays(number),
            },
        };
    }

    public static TheoryData<int> Filters => [.. Enumerable.Range(0, FilterCases.Length)];

    static readonly (SoundFilter Filter, Func<AudioIndexEntry, bool> Passes)[] FilterCases =
    [
        (SoundFilter.None, _ => true),
        (new() { Folders = ["field"] }, entry => entry.File.FullPath.Contains("/Field/")),
        (new() { Folders = ["/library/Foley"] }, entry => entry.File.FullPath.Contains("/Foley/")),
        (new() { Folders = ["/library/Fol"] }, _ => false),
        (new() { Names = ["DOOR_*"] }, entry => entry.File.FullPath.Contains("/door_")),
        (new() { Names = ["foley/*_0?1.wav"] },
            entry => entry.File.FullPath.Contains("/Foley/") && entry.File.FullPath[^7] == '0' && entry.File.FullPath[^5] == '1'),
        (new() { MinSeconds = 15, MaxSeconds = 20 }, entry => entry.Details!.DurationSeconds is >= 15 and <= 20),
        (new() { SampleRatesHz = [48_000], Channels = [2] }, entry => entry.Details is { SampleRateHz: 48_000, Channels: 2 }),
        (new() { Categories = ["doors"] }, entry => entry.Details!.CatId is not null),
        (new() { Categories = ["doorwood"], Tags = ["loud"] },
            entry => entry.Details!.CatId is not null && entry.Details.Tags.Contains("Loud")),
        (new() { Folders = ["nowhere", "FIELD"] }, entry => entry.File.FullPath.Contains("/Field/")),
        (new() { Folders = ["nowhere", "/"] }, _ => true),
        (new() { Names = ["DOOR_*", "foley/*_0?1.wav"] }, entry => entry.File.FullPath.Contains("/door_")
            || (entry.File.FullPath.Contains("/Foley/") && entry.File.FullPath[^7] == '0' && entry.File.FullPath[^5] == '1')),
        (new() { SampleRatesHz = [8_000, 48_000], Channels = [2, 6] }, entry => entry.Details is { SampleRateHz: 48_000, Channels: 2 }),
        (new() { SampleRatesHz = [44_100, 48_000] }, _ => true),
        (new() { Categories = ["none", "doors"], Tags = ["near", "nothing"] },
            entry => entry.Details!.CatId is not null && entry.Details.Tags.Contains("near")),
        (new() { AddedAfter = new DateTime(2026, 2, 10, 0, 0, 0, DateTimeKind.Utc) }, entry =>
            entry.Details!.AddedUtc!.Value.Date > new DateTime(2026, 2, 10)),
        (new() { FullPath = "/library/Field/door_000.wav" }, entry => entry.File.FullPath == "/library/Field/door_000.wav"),
    ];

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task What_passes_a_filter_is_ranked_as_by_brute_force(int number)
    {
        var (filter, passes) = FilterCases[number];
        foreach (float least in (float[])[-1, 0.1f])
            foreach (bool hasUnwanted in (bool[])[false, true])
            {
                float[] query = Samples.Vector(77 + number), unwanted = Samples.Vector(78);
                var expected = _entries.Where(passes).SelectMany(entry => entry.Windows.Select(window =>
                        (entry.File.FullPath, window.StartSeconds, Score: Samples.Cosine(query, window.Vector.Span),
                            Unwanted: Samples.Cosine(unwanted, window.Vector.Span))))
                    .Where(window => window.Score >= least && (!hasUnwanted || window.Unwanted <= window.Score))
                    .OrderByDescending(window => window.Score).ToList();
                foreach (var grouping in Enum.GetValues<HitGrouping>())
                {
                    var hits = await Search(new LibraryIndexQuery
                    {
                        Vector = query, WordWeight = 0, Filter = filter with { MinScore = least }, Top = 20, Skip = 2, Grouping = grouping,
                        WithoutVectors = hasUnwanted ? [unwanted] : [],
                    });
                    var all = grouping == HitGrouping.AllWindows ? expected : expected.DistinctBy(window => window.FullPath).ToList();
                    Assert.Equal(all.Skip(2).Take(20).Select(window => (window.FullPath, window.StartSeconds)),
                        hits.Select(hit => (hit.Path, hit.StartSeconds)));
                    Assert.Equal(hits.Select((_, i) => i + 3), hits.Select(hit => hit.Rank));
                    Assert.All(hits.Zip(all.Skip(2)), pair => Assert.Equal(pair.Second.Score, pair.First.Score, 1e-6));
                    Assert.All(hits, hit => Assert.Equal(_entries.Single(entry => entry.File.FullPath == hit.Path).Details!.AddedUtc,
                        hit.Details.AddedUtc));
                }
            }
    }

    [Fact]
    public async Task Several_questions_at_once_get_the_hits_of_each_alone()
    {
        var queries = new List<LibraryIndexQuery>();
        foreach (var grouping in Enum.GetValues<HitGrouping>())
            for (int i = 0; i < 6; i++)
                queries.Add(new LibraryIndexQuery
                {
                    Vector = Samples.Vector(90 + i), Words = i % 2 == 0 ? [_nouns[i]] : [], Top = 3 + 40 * i, Skip = i, Grouping = grouping,
                    Filter = new() { MinScore = i < 3 ? null : 0, Folders = i == 4 ? ["field"] : [] },
                    WithoutVectors = i == 5 ? [Samples.Vector(78)] : [], WithoutWords = i == 2 ? [["rain"]] : [],
                });
        var together = await _index.SearchBatchAsync(queries, TestContext.Current.CancellationToken);
        for (int i = 0; i < queries.Count; i++)
        {
            var alone = await Search(queries[i]);
            Assert.NotEmpty(alone);
            Assert.Equal(alone.Select(Shown), together[i].Select(Shown));
        }

        static string Shown(LibraryHit hit) => $"{hit.Rank} {hit.RowId} {hit.Score:R} {hit.SoundRank} {hit.WordRank} "
            + string.Join(' ', hit.MatchedWords.Concat(hit.Stretches.Select(stretch => stretch.ToString())));
    }

    Task<LibraryHits> Search(LibraryIndexQuery query) => _index.SearchAsync(query, TestContext.Current.CancellationToken);

    [Fact]
    public async Task Words_are_ranked_by_the_share_of_the_question_that_a_text_has_and_anew_after_a_commit()
    {
        var cancellation = TestContext.Current.CancellationToken;
        string[] words = ["rain", "near", "kiosk", "unheard"];
        var query = new LibraryIndexQuery { Vector = Samples.Vector(5), Words = words, Top = 2 * Files };
        for (int commit = 0; commit < 2; commit++)
        {
            Dictionary<string, double>[] scores = [.. words.Select(Bm25)];
            var joined = Bm25("rainnear");
            double[] known = [.. scores.Where(score => score.Count > 0).Select(score => score.Values.Max())];
            double[] weights = [.. scores.Select(score => score.Count > 0 ? score.Values.Max() : known.Average())];
            var expected = scores.SelectMany(score => score.Keys).Concat(joined.Keys).Distinct().ToDictionary(path => path, path =>
                words.Select((_, word) => weights[word] / weights.Sum() * Math.Max(
                    scores[word].Count > 0 ? scores[word].GetValueOrDefault(path) / scores[word].Values.Max() : 0,
                    word < 2 && joined.Count > 0 ? joined.GetValueOrDefault(path) / joined.Values.Max() : 0)).Sum());
            Assert.True(expected.Count > 30 + commit);
            for (int again = 0; again < 2; again++)
            {
                var found = (await Search(query)).Where(hit => hit.WordRank is not null).OrderBy(hit => hit.WordRank).ToList();
                Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), found.Select(hit => hit.Path).Order(StringComparer.Ordinal));
                double[] ranked = [.. found.Select(hit => expected[hit.Path])];
                Assert.All(ranked.Zip(ranked.Skip(1)), pair => Assert.True(pair.First >= pair.Second - 1e-9));
            }
            var entry = Entry(700);
            await _index.UpsertAsync(entry with { File = entry.File with { FullPath = "/library/Foley/rainnear_kiosk.wav" } },
                cancellation);
        }
    }

    [Theory]
    [InlineData(HitGrouping.BestWindowPerFile)]
    [InlineData(HitGrouping.AllWindows)]
    public async Task Every_answer_says_how_many_hits_there_are(HitGrouping grouping)
    {
        float[] vector = Samples.Vector(5), unwanted = Samples.Vector(78);
        foreach (float? least in (float?[])[null, 0.2f])
            foreach (bool hasUnwanted in (bool[])[false, true])
                foreach (string? folder in (string?[])[null, "field", "nowhere"])
                {
                    var question = new LibraryIndexQuery
                    {
                        Vector = vector, Grouping = grouping, Top = 2, Skip = 1,
                        Filter = new() { Folders = folder is null ? [] : [folder], MinScore = least },
                        Words = ["dog"], WithoutVectors = hasUnwanted ? [unwanted] : [],
                    };
                    Assert.Equal((await Search(question with { Top = 10_000, Skip = 0 })).Count, (await Search(question)).Total);
                }
    }

    [Fact]
    public async Task Two_words_find_a_name_that_joins_them()
    {
        await _index.UpsertAsync(Samples.Entry(500) with { File = Samples.File(500) with { FullPath = "/library/Field/firetruck.wav" } },
            TestContext.Current.CancellationToken);
        var hit = (await Search(new LibraryIndexQuery { Vector = Samples.Vector(5), Words = ["fire", "truck"], WordWeight = 100,
            Top = 1 }))[0];
        Assert.Equal(("/library/Field/firetruck.wav", "firetruck"), (hit.Path, hit.MatchedWords.Single()));
    }

    [Fact]
    public async Task Files_with_all_words_of_what_is_not_wanted_are_left_out()
    {
        var hits = await Search(new LibraryIndexQuery { Vector = Samples.Vector(6), WithoutWords = [["dog", "far"], ["river"]],
            Top = Files });
        Assert.Equal(_entries.Where(entry => !(entry.File.FullPath.Contains("dog_") && entry.Details!.Tags.Contains("far"))
                && !entry.File.FullPath.Contains("river_")).Select(entry => entry.File.FullPath).Order(StringComparer.Ordinal),
            hits.Select(hit => hit.Path).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("\"")]
    [InlineData("door\" OR \"rain")]
    [InlineData("NEAR(door rain, 2) AND NOT -dog* ^bell name:x {a b}:c")]
    [InlineData("\0\u202e'; DROP TABLE words; --")]
    [InlineData("日本語 éé \ud800 🔔")]
    [InlineData("the and of a")]
    public async Task No_sentence_is_an_expression(string sentence)
    {
        var words = QueryWords.Of(sentence);
        Assert.All(words, word => Assert.True(word.All(c => char.IsLetterOrDigit(c) || char.IsSurrogate(c)), word));
        Assert.NotEmpty(await Search(new LibraryIndexQuery { Vector = Samples.Vector(1), Words = words, WithoutWords = [["zzz",
            .. words]] }));
    }

    [Fact]
    public void Words_are_told_apart_in_names_and_stop_words_are_left_out()
    {
        Assert.Equal("Horse Gallop 02 close", WordSplitter.Split("HorseGallop_02-close"));
        Assert.Equal("TV Set 4 K Über ärger", WordSplitter.Split("TVSet4KÜberÄrger".Replace("Ä", "_ä")));
        Assert.Equal(["dog", "barking"], QueryWords.Of("The sound of a dog that is BARKING, a dog"));
        Assert.Equal(["it", "is"], QueryWords.Of("It is"));
    }

    [Fact]
    public async Task Stretches_near_the_best_are_joined_and_ranked()
    {
        float[] up = new float[Samples.Dimension], side = new float[Samples.Dimension];
        (up[0], side[1]) = (1, 1);
        float[][] vectors = [up, up, side, side, up, side];
        await _index.UpsertAsync(new AudioIndexEntry(Samples.File(900),
            [.. vectors.Select((vector, i) => new AudioWindow(5 * i, 5 * i + 10, vector))]), TestContext.Current.CancellationToken);
        var hit = (await Search(new LibraryIndexQuery { Vector = up, Filter = new() { FullPath = Samples.PathOf(900) } })).Single();
        Assert.Equal([new SoundStretch(0, 15, 1), new SoundStretch(20, 30, 1)], hit.Stretches);
        Assert.Equal(35, hit.Details.DurationSeconds);
    }

    [Fact]
    public async Task Percentiles_come_from_the_background()
    {
        Assert.Null(_index.Background());
        Assert.True(double.IsNaN((await Search(new LibraryIndexQuery { Vector = Samples.Vector(1) }))[0].Percentile));
        float[] quantiles = IndexBackground.QuantilesOf([.. Enumerable.Range(0, 10_001).Select(i => i / 10_000f)]);
        await _index.SetBackgroundAsync(new IndexBackground { Files = 5, Sentences = quantiles, Sounds = [] },
            TestContext.Current.CancellationToken);
        Assert.Equal(5, _index.Background()!.Files);
        Assert.Equal(quantiles, _index.Background()!.Sentences);
        foreach (var hit in await Search(new LibraryIndexQuery { Vector = Samples.Vector(1), Top = Files }))
            Assert.Equal(100 * Math.Clamp(hit.Score, 0, 1), hit.Percentile, 0.01);
        Assert.True(double.IsNaN((await Search(new LibraryIndexQuery { Vector = Samples.Vector(1), IsSound = true }))[0].Percentile));
        Assert.Equal(0, IndexBackground.PercentileOf(quantiles, -1));
        Assert.Equal(100, IndexBackground.PercentileOf(quantiles, 2));
    }

    [Fact]
    public async Task Details_and_words_follow_a_file_through_moves_compaction_and_replacement()
    {
        var token = TestContext.Current.CancellationToken;
        var moved = _entries[1];
        await _index.RedescribeAsync(moved.File.FullPath, moved.File with { FullPath = "/library/Field/Zeppelin.wav" },
            cancellationToken: token);
        await _index.CompactAsync(token);
        var hit = (await Search(new LibraryIndexQuery { Vector = Samples.Vector(1), Words = ["zeppelin"], WordWeight = 100, Top = 1 }))[0];
        Assert.Equal(("/library/Field/Zeppelin.wav", moved.Details!.AddedUtc), (hit.Path, hit.Details.AddedUtc));
        Assert.Equal(1, await _index.DescribeAsync([(hit.Path, hit.Details with { Title = "ornithopter" }), ("/none", hit.Details)],
            token));
        Assert.Equal("ornithopter", (await Search(new LibraryIndexQuery { Vector = Samples.Vector(1), Words = ["ornithopters"],
            WordWeight = 100 }))[0].Details.Title);
        Assert.Equal(_entries.Count, _index.Details().Count);
        Assert.True(_index.Verify().IsIntact, string.Join("\n", _index.Verify().Problems));
    }

    [Theory]
    [InlineData("UPDATE details SET record = CAST(replace(CAST(record AS TEXT), 'far', 'fax') AS BLOB) "
        + "WHERE first_row IN (SELECT first_row FROM details LIMIT 1 OFFSET 20)")]
    [InlineData("UPDATE words SET name = 'other' WHERE rowid IN (SELECT rowid FROM words LIMIT 1)")]
    [InlineData("DELETE FROM words WHERE rowid IN (SELECT rowid FROM words LIMIT 1)")]
    [InlineData("UPDATE details SET first_row = first_row + 1 WHERE first_row IN (SELECT max(first_row) FROM details)")]
    [InlineData("UPDATE words_data SET block = zeroblob(length(block)) WHERE id IN (SELECT max(id) FROM words_data)")]
    public void Verification_finds_details_and_words_that_are_not_those_of_the_files(string damage)
    {
        Assert.True(_index.Verify().IsIntact);
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(Folder, "catalogue.db")};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = damage;
            if (command.ExecuteNonQuery() != 1) throw new InvalidOperationException("nothing was damaged");
        }
        Assert.False(_index.Verify().IsIntact);
    }

    [Fact]
    public async Task An_index_of_schema_version_2_is_searched_by_sound_and_brought_up_to_date()
    {
        _index.Dispose();
        Downgrade();
        using (var old = LocalAudioIndex.Open(Folder, IndexAccess.Read))
        {
            Assert.True(old.Verify().IsIntact);
            Assert.All(old.Details().Values, Assert.Null);
            Assert.Equal(10, (await old.SearchAsync(new LibraryIndexQuery { Vector = Samples.Vector(1), Words = ["door"],
                WithoutWords = [["dog"]] },
                TestContext.Current.CancellationToken)).Count);
        }
        using var index = LocalAudioIndex.Open(Folder, IndexAccess.Write);
        Assert.True(index.Verify().IsIntact);
        await index.DescribeAsync([.. _entries.Select(entry => (entry.File.FullPath, entry.Details!))],
            TestContext.Current.CancellationToken);
        Assert.Contains("bell_", (await index.SearchAsync(new LibraryIndexQuery { Vector = Samples.Vector(1), Words = ["bell"],
            WordWeight = 100 },
            TestContext.Current.CancellationToken))[0].Path);
        Assert.True(index.Verify().IsIntact);
    }

    /// <summary>Makes the catalogue what version 2 wrote: it had neither details nor words.</summary>
    void Downgrade()
    {
        Guid id;
        using (var catalogue = Catalogue.Open(Folder, SqliteOpenMode.ReadOnly)) id = catalogue.ReadSettings().IndexId;
        using var connection = new SqliteConnection($"Data Source={Path.Combine(Folder, "catalogue.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "DROP TABLE details; DROP TABLE words; DROP TABLE background; "
            + "DROP TABLE texts; DROP TABLE text_scale; "
            + "UPDATE settings SET checksum = $sum; PRAGMA user_version = 2";
        command.Parameters.AddWithValue("$sum", Catalogue.Checksum(Samples.Settings, 2, id));
        command.ExecuteNonQuery();
    }

    [Fact]
    public async Task Wrong_questions_are_refused()
    {
        var good = new LibraryIndexQuery { Vector = Samples.Vector(1) };
        await Assert.ThrowsAsync<OptionException>(() => Search(good with { WordWeight = double.NaN }));
        await Assert.ThrowsAsync<OptionException>(() => Search(good with { Filter = new() { MinSeconds = 3, MaxSeconds = 2 } }));
        await Assert.ThrowsAsync<OptionException>(() => Search(good with { Filter = new() { Names = [new string('*', 100)] } }));
        await Assert.ThrowsAsync<OptionException>(() => Search(good with { Filter = new() { Names = [""] } }));
        string[] many = [.. Enumerable.Repeat("rain", SoundFilter.MostValues + 1)];
        await Search(good with { Filter = new() { Names = many[1..], Folders = many[1..], Categories = many[1..], Tags = many[1..] } });
        foreach (var filter in (SoundFilter[])[new() { Names = many }, new() { Folders = many }, new() { Categories = many },
            new() { Tags = many }, new() { Channels = [.. many.Index().Select(one => one.Index)] },
            new() { SampleRatesHz = [.. many.Index().Select(one => one.Index)] },
            new() { Names = [new string('*', 40), new string('?', 40)] }])
            await Assert.ThrowsAsync<OptionException>(() => Search(good with { Filter = filter }));
        await Assert.ThrowsAsync<IndexException>(() => Search(good with { Vector = new float[3] }));
        await Assert.ThrowsAsync<IndexException>(() => Search(good with { WithoutVectors = [new float[Samples.Dimension]] }));
        await Assert.ThrowsAsync<IndexException>(() => _index.DescribeAsync([(_entries[0].File.FullPath,
            new SoundDetails { DurationSeconds = 0 })],
            TestContext.Current.CancellationToken));
    }
}
