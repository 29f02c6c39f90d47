using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Engines.Tests;

/// <summary>Every engine answers as a folder does: the same hits, to the last bit of a score.</summary>
public abstract partial class EngineContract : IDisposable
{
    const int Files = 130;

    static int _indexes;

    readonly TemporaryFolder _temporary = new();

    /// <summary>An address of an index of this name, or of a new one; skips the test where there is no server.</summary>
    protected abstract string Address(string name);

    protected abstract Task<ILibraryIndex> EnsureAsync(string address, IndexSettings settings);

    protected abstract Task<ILibraryIndex> OpenAsync(string address, string? fingerprint = null);

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected static string NewName() => $"t{Environment.ProcessId}_{Interlocked.Increment(ref _indexes)}";

    public void Dispose()
    {
        _temporary.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The same history in a folder and on the server: added, replaced, deleted, moved, described again.</summary>
    async Task<(LocalAudioIndex Local, ILibraryIndex Remote)> BothAsync(IndexSettings settings)
    {
        var local = LocalAudioIndex.Create(_temporary[$"{NewName()}.nrx"], settings);
        var remote = await EnsureAsync(Address(NewName()), settings);
        foreach (var index in (ILibraryIndex[])[local, remote])
        {
            foreach (var batch in Enumerable.Range(0, Files).Select(number => Sounds.Entry(number)).Chunk(16))
                await index.UpsertAsync(batch, Cancellation);
            await index.DeleteAsync([.. Enumerable.Range(0, Files).Where(number => number % 17 == 3)
                .Select(number => Sounds.Entry(number).File.FullPath)], Cancellation);
            await index.UpsertAsync([Sounds.Entry(5, version: 1), Sounds.Entry(40, version: 1)], Cancellation);
            var moved = Sounds.Entry(8).File;
            await index.RedescribeAsync(moved.FullPath, moved with { FullPath = "/library/Field/old/Door_moved.WAV", Path = "x" }, null,
                Cancellation);
            await index.DescribeAsync([(Sounds.Entry(9).File.FullPath, Sounds.Entry(9).Details! with { Description = "a rainy siren" })],
                Cancellation);
            await index.SetBackgroundAsync(new IndexBackground
            {
                Files = Files, Sentences = IndexBackground.QuantilesOf([.. Sounds.Vector(3)]), Sounds = [],
            }, Cancellation);
            // Texts in two commits; what was moved or described after the first has a new text, and one text of before has no file.
            string[] texts = [.. await index.TextsWithoutVectorsAsync(Cancellation)];
            foreach (string[] some in (string[][])[texts[..20], texts[20..]])
                await index.SetTextVectorsAsync([.. some.Select(text => (text, (ReadOnlyMemory<float>)Sounds.TextVector(text)))],
                    Cancellation);
            await index.DescribeAsync([(Sounds.Entry(10).File.FullPath, Sounds.Entry(10).Details! with { Title = "A Newer Bell" })],
                Cancellation);
            await index.SetTextVectorsAsync([.. (await index.TextsWithoutVectorsAsync(Cancellation))
                .Select(text => (text, (ReadOnlyMemory<float>)Sounds.TextVector(text)))], Cancellation);
            Assert.Empty(await index.TextsWithoutVectorsAsync(Cancellation));
            await index.SetTextScaleAsync(_scale, Cancellation);
        }
        return (local, remote);
    }

    static readonly TextScale _scale = new() { Mean = 0.05, Deviation = 0.1, Agreement = 0.8, Files = Files };

    static readonly SoundFilter[] _filters =
    [
        SoundFilter.None, new() { Folders = ["field"] }, new() { Folders = ["/library/Foley"] }, new() { Folders = ["/library/Fol"] },
        new() { Folders = ["library/field/OLD"] }, new() { Folders = ["/"] }, new() { Folders = ["nowhere", "old", "/library/Foley"] },
        new() { Folders = ["nowhere", "/"] }, new() { Names = ["DOOR_*"] }, new() { Names = ["foley/*_0?1.wav"] },
        new() { Names = ["DOOR_*", "/library/Field/*_?1?.wav", "nothing"] },
        new() { Names = ["**/OLD/*.wav"] }, new() { Names = ["/library/*/dog_*.wav"] }, new() { Names = ["rain_(0)[1].+"] },
        new() { MinSeconds = 15, MaxSeconds = 20 },
        new() { SampleRatesHz = [48_000], Channels = [2] }, new() { Categories = ["doors"] },
        new() { SampleRatesHz = [44_100, 48_000, 8_000], Channels = [2, 6] },
        new() { Categories = ["none", "doors"], Tags = ["far", "lÄRM"] },
        new() { Categories = ["doorwood"], Tags = ["lÄRM"] },
        new() { Tags = ["'; DROP TABLE x; --\\"] }, new() { AddedAfter = new DateTime(2026, 2, 10, 0, 0, 0, DateTimeKind.Utc) },
        new() { FullPath = "/library/Field/../Field/door_000.wav" }, new() { MinScore = 0.25f }, new() { MinScore = 0.1f, Names = ["*b*"] },
    ];

    async Task CompareAsync(IndexSettings settings)
    {
        var (local, remote) = await BothAsync(settings);
        using var _ = local;
        using var __ = remote;
        string[][] words = [[], ["door"], ["heavy", "rain"], ["barking", "don't", "kiosk"], ["रेल्वे"], ["nowhere"], ["\U0001F6AA",
            "siren"]];
        int asked = 0, found = 0, byWords = 0, withStretches = 0, byMeaning = 0;
        foreach (var filter in _filters)
            foreach (var grouping in Enum.GetValues<HitGrouping>())
            {
                var query = new LibraryIndexQuery
                {
                    Vector = Sounds.Vector(7_000 + asked), Filter = filter, Grouping = grouping, Top = 15, Skip = asked % 3,
                    Words = words[asked % words.Length],
                    TextVector = asked % 3 == 2 ? default : Sounds.TextVector($"{Sounds.Nouns[asked % 7]} near"),
                    WordWeight = asked % 5 == 4 ? 0 : 1.5,
                    WithoutVectors = asked % 4 == 1 ? [Sounds.Vector(1), Sounds.Vector(2)] : [],
                    WithoutWords = asked % 4 == 2 ? [["wet", "kiosks"], ["siren"], []] : [],
                    IsSound = asked % 6 == 5,
                };
                asked++;
                var expected = (await local.SearchBatchAsync([query], Cancellation))[0];
                var actual = (await remote.SearchBatchAsync([query], Cancellation))[0];
                Assert.Equal(expected.Select(Facts), actual.Select(Facts));
                Assert.Equal(expected.Total, actual.Total);
                found += expected.Count;
                byMeaning += expected.Count(hit => hit.MeaningRank is not null);
                byWords += expected.Count(hit => hit.WordRank is not null);
                withStretches += expected.Count(hit => hit.Stretches.Count > 1);
            }
        Assert.True(found > 200 && byWords > 20 && byMeaning > 20 && withStretches > 0,
            $"{found} {byWords} {byMeaning} {withStretches}");

        foreach (var options in (AudioSearchOptions[])[new(), new() { Top = 7, Skip = 4, PathFilter = "*d*.wav" },
            new() { Grouping = HitGrouping.AllWindows, Top = 300 }, new() { MinScore = 0.2f, PathFilter = "/library/F**/*_0*" },
            new() { PathFilter = "DOOR_*" }, new() { Top = 1_000 }])
        {
            float[] queries = [.. Sounds.Vector(11), .. Sounds.Vector(1000 * 11), .. Sounds.Vector(13)];
            Assert.Equal((await local.SearchBatchAsync(queries, options, Cancellation)).SelectMany(list => list).Select(Facts),
                (await remote.SearchBatchAsync(queries, options, Cancellation)).SelectMany(list => list).Select(Facts));
        }
    }

    /// <summary>All of a hit but its row, with the bits of its score.</summary>
    static string Facts(LibraryHit hit) => $"{hit.Rank} {hit.Path} {hit.StartSeconds:R}-{hit.EndSeconds:R} "
        + $"{BitConverter.SingleToUInt32Bits(hit.Score):x8} {hit.Percentile:R} sound {hit.SoundRank} words {hit.WordRank} "
        + $"meaning {hit.MeaningRank} "
        + $"[{string.Join('|', hit.MatchedWords)}] {string.Join('|', hit.Stretches)} {hit.Details with { Tags = [] }} "
        + string.Join('|', hit.Details.Tags);

    static string Facts(SearchHit hit) =>
        $"{hit.Rank} {hit.Path} {hit.StartSeconds:R}-{hit.EndSeconds:R} {BitConverter.SingleToUInt32Bits(hit.Score):x8}";

    [Fact]
    public Task Finds_what_a_folder_finds() => CompareAsync(Sounds.Settings);

    [Fact]
    public Task Finds_what_a_folder_of_bfloat16_finds() => CompareAsync(Sounds.BFloat16Settings);

    /// <summary>Scores that 16 bits cannot tell apart, and two thirds of the files in exact ties.</summary>
    [Fact]
    public async Task Ranks_what_the_server_cannot_tell_apart()
    {
        using var local = LocalAudioIndex.Create(_temporary[$"{NewName()}.nrx"], Sounds.Settings);
        using var remote = await EnsureAsync(Address(NewName()), Sounds.Settings);
        var entries = Enumerable.Range(0, 600).Select(number =>
        {
            float[] vector = Sounds.Vector(1);
            if (number % 3 == 0) vector[number % Sounds.Dimension] += 1e-4f * (number % 100);
            return Sounds.Entry(number) with { Windows = [new AudioWindow(0, 10, vector)] };
        }).ToList();
        await local.UpsertAsync(entries, Cancellation);
        await remote.UpsertAsync(entries, Cancellation);
        foreach (int top in (int[])[1, 10, 300])
        {
            var options = new AudioSearchOptions { Top = top };
            Assert.Equal((await local.SearchAsync(Sounds.Vector(2), options, Cancellation)).Select(Facts),
                (await remote.SearchAsync(Sounds.Vector(2), options, Cancellation)).Select(Facts));
        }
    }

    [Fact]
    public async Task Lists_what_a_folder_lists()
    {
        var (local, remote) = await BothAsync(Sounds.Settings);
        using var _ = local;
        using var __ = remote;
        ILibraryIndex folder = local;
        // A description changes a record, not its place; a folder writes the record at its old place, too.
        Assert.Equal(await folder.FilesAsync(Cancellation), await remote.FilesAsync(Cancellation));
        Assert.Equal((await folder.DetailsAsync(Cancellation)).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair =>
            pair.Value!.Description),
            (await remote.DetailsAsync(Cancellation)).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair =>
                pair.Value!.Description));
        Assert.Equal((await folder.BackgroundAsync(Cancellation))!.Sentences, (await remote.BackgroundAsync(Cancellation))!.Sentences);
        foreach (int number in (int[])[0, 3, 5, 12])
        {
            var expected = await folder.GetAsync(Sounds.Entry(number).File.FullPath, Cancellation);
            var actual = await remote.GetAsync(Sounds.Entry(number).File.FullPath, Cancellation);
            Assert.Equal(expected?.File, actual?.File);
            Assert.Equal(expected?.Windows.SelectMany(window => window.Vector.ToArray()), actual?.Windows.SelectMany(window =>
                window.Vector.ToArray()));
        }
        var (here, there) = (await folder.StatsAsync(Cancellation), await remote.StatsAsync(Cancellation));
        Assert.Equal((here.Files, here.Windows), (there.Files, there.Windows));
        var (ours, theirs) = (await folder.SampleVectorsAsync(9, Cancellation), await remote.SampleVectorsAsync(9, Cancellation));
        Assert.Equal(ours.Select(file => file.Text), theirs.Select(file => file.Text));
        Assert.Equal(ours.SelectMany(file => file.Vector), theirs.SelectMany(file => file.Vector));
        Assert.Equal(_scale, await remote.TextScaleAsync(Cancellation));
    }

    /// <summary>More texts than a ranking takes, many of them equally near, with files that a filter leaves out.</summary>
    [Fact]
    public async Task Ranks_by_meaning_beyond_the_first_thousand_texts()
    {
        using var local = LocalAudioIndex.Create(_temporary[$"{NewName()}.nrx"], Sounds.Settings);
        using var remote = await EnsureAsync(Address(NewName()), Sounds.Settings);
        var entries = Enumerable.Range(0, 2_600).Select(number => Sounds.Entry(number) with
        {
            Windows = [new AudioWindow(0, 10, Sounds.Vector(number))],
            Details = new SoundDetails { DurationSeconds = 10, Title = $"kiosk {Letters(number)}", Channels = 1 + number % 2 },
        }).ToList();
        foreach (var index in (ILibraryIndex[])[local, remote])
        {
            await index.UpsertAsync(entries, Cancellation);
            var texts = await index.TextsWithoutVectorsAsync(Cancellation);
            Assert.True(texts.Count > 2_500, $"{texts.Count}");
            // Half of them lie in the same place.
            await index.SetTextVectorsAsync([.. texts.Select((text, i) => (text,
                (ReadOnlyMemory<float>)Sounds.TextVector(i % 2 == 0 ? "kiosk" : $"kiosk {i}")))], Cancellation);
            await index.SetTextScaleAsync(_scale with { Agreement = null }, Cancellation);
        }
        foreach (var filter in (SoundFilter[])[SoundFilter.None, new() { Channels = [2] }, new() { MinScore = 0.3f }])
        {
            var query = new LibraryIndexQuery
            {
                Vector = Sounds.Vector(9_999), TextVector = Sounds.TextVector("kiosk"), Words = ["dog", "kiosk"], Filter = filter,
                Top = 1_500,
            };
            var expected = (await local.SearchBatchAsync([query], Cancellation))[0];
            var actual = (await remote.SearchBatchAsync([query], Cancellation))[0];
            Assert.Equal(expected.Select(Facts), actual.Select(Facts));
            Assert.Equal(expected.Total, actual.Total);
            Assert.Contains(expected, hit => hit is { MeaningRank: not null });
        }

        static string Letters(int number) => $"q{(char)('a' + number / 676)}{(char)('a' + number / 26 % 26)}{(char)('a' + number % 26)}";
    }

    [Fact]
    public async Task A_vector_of_another_width_is_refused()
    {
        using var index = await EnsureAsync(Address(NewName()), Sounds.Settings);
        await index.UpsertAsync(Sounds.Entry(1), Cancellation);
        await index.SetTextVectorsAsync([("rain", Sounds.TextVector("rain"))], Cancellation);
        await index.SetTextScaleAsync(_scale, Cancellation);
        await Assert.ThrowsAsync<IndexException>(() => index.SetTextVectorsAsync([("x", new float[5])], Cancellation));
        // A text without a file stays away or is kept, as the engine has it; the width is that of the others in either case.
        await index.SetTextVectorsAsync([.. (await index.TextsWithoutVectorsAsync(Cancellation))
            .Select(text => (text, (ReadOnlyMemory<float>)Sounds.TextVector(text)))], Cancellation);
        await Assert.ThrowsAsync<IndexException>(() => index.SearchBatchAsync(
            [new LibraryIndexQuery { Vector = Sounds.Vector(1), TextVector = new float[] { 1, 2, 3 } }], Cancellation));
    }

    [Fact]
    public async Task Sending_the_same_content_again_changes_no_row()
    {
        using var index = await EnsureAsync(Address(NewName()), Sounds.Settings);
        var entries = Enumerable.Range(0, 6).Select(number => Sounds.Entry(number)).ToList();
        await index.UpsertAsync(entries, Cancellation);
        var before = await index.SearchAsync(Sounds.Vector(1), new AudioSearchOptions { Top = 50, Grouping = HitGrouping.AllWindows },
            Cancellation);
        await index.UpsertAsync([.. entries.AsEnumerable().Reverse()], Cancellation);
        var after = await index.SearchAsync(Sounds.Vector(1), new AudioSearchOptions { Top = 50, Grouping = HitGrouping.AllWindows },
            Cancellation);
        Assert.Equal(before, after);
        // The same hash with other vectors is another file.
        await index.UpsertAsync(entries[2] with { Windows = Sounds.Entry(30).Windows }, Cancellation);
        Assert.Equal(Sounds.Entry(30).Windows.Count, (await index.GetAsync(entries[2].File.FullPath, Cancellation))!.Windows.Count);
        Assert.Equal(6, (await index.StatsAsync(Cancellation)).Files);
    }

    [Fact]
    public async Task An_empty_index_answers_nothing_and_settings_are_kept()
    {
        string address = Address(NewName());
        using (var index = await EnsureAsync(address, Sounds.Settings))
        {
            Assert.Empty(await index.SearchAsync(Sounds.Vector(1), cancellationToken: Cancellation));
            Assert.Empty((await index.SearchBatchAsync([new LibraryIndexQuery { Vector = Sounds.Vector(1), Words = ["rain"] }],
                Cancellation))[0]);
            await Assert.ThrowsAsync<IndexException>(() => index.SearchAsync(new float[3], cancellationToken: Cancellation));
            await Assert.ThrowsAsync<IndexException>(() => index.SearchAsync(new float[Sounds.Dimension], cancellationToken: Cancellation));
        }
        using (var again = await OpenAsync(address, Sounds.Settings.ModelFingerprint))
        {
            Assert.Equal(Sounds.Settings, again.Settings);
            var refused = await Assert.ThrowsAsync<IndexException>(() => again.UpsertAsync(Sounds.Entry(1), Cancellation));
            Assert.Contains("was opened for reading", refused.Message, StringComparison.Ordinal);
        }
        var other = await Assert.ThrowsAsync<IndexException>(() => OpenAsync(address, new string('b', 64)));
        Assert.Contains("was built with model tiny", other.Message, StringComparison.Ordinal);
        var settings = await Assert.ThrowsAsync<IndexException>(() => EnsureAsync(address, Sounds.Settings with { HopSeconds = 1 }));
        Assert.Contains("was built with other settings", settings.Message, StringComparison.Ordinal);
        var none = await Assert.ThrowsAsync<IndexException>(() => OpenAsync(Address(NewName())));
        Assert.Contains("there is no index", none.Message, StringComparison.Ordinal);
        foreach (var error in (Exception[])[other, settings, none])
            Assert.DoesNotContain("secret-word", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_search_can_be_cancelled()
    {
        using var index = await EnsureAsync(Address(NewName()), Sounds.Settings);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => index.SearchAsync(Sounds.Vector(1), cancellationToken: new CancellationToken(canceled: true)));
        Assert.Empty(await index.SearchAsync(Sounds.Vector(1), cancellationToken: Cancellation));
    }
}
