using NativeRetrieval.ClickHouse;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Engines.Tests;

/// <summary>The contract of engines on two shards of ClickHouse, and what is ClickHouse's own.</summary>
public sealed class ClickHouseTests(ClickHousePair servers) : EngineContract, IClassFixture<ClickHousePair>
{
    protected override string Address(string name)
    {
        Assert.SkipWhen(servers.Missing is not null, servers.Missing ?? "");
        return servers.Address(name);
    }

    protected override async Task<ILibraryIndex> EnsureAsync(string address, IndexSettings settings) =>
        await ClickHouseIndex.EnsureCollectionExistsAsync(address, settings, Cancellation);

    protected override async Task<ILibraryIndex> OpenAsync(string address, string? fingerprint = null) =>
        await ClickHouseIndex.OpenAsync(address, IndexAccess.Read, fingerprint, Cancellation);

    static AudioIndexEntry[] Entries(int count) => [.. Enumerable.Range(0, count).Select(number => Sounds.Entry(number))];

    [Fact]
    public async Task A_missing_shard_is_an_error_that_names_it()
    {
        string name = NewName();
        using var index = await EnsureAsync(Address(name), Sounds.Settings);
        await index.UpsertAsync(Entries(60), Cancellation);
        var options = new AudioSearchOptions { Top = 100 };
        Assert.Equal(60, (await index.SearchAsync(Sounds.Vector(1), options, Cancellation)).Count);
        // Both have a share.
        foreach (int shard in (int[])[0, 1])
            Assert.NotEqual("0", await servers.RunAsync(shard, $"SELECT count() FROM {name}_windows"));
        servers.Stop(1);
        try
        {
            var error = await Assert.ThrowsAsync<IndexException>(() => index.SearchAsync(Sounds.Vector(1), options, Cancellation));
            Assert.Contains($"a shard does not answer: {servers.Host(1, http: false)}", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("secret-word", error.ToString(), StringComparison.Ordinal);
            // Half of a change is on the shard that is there; it has not happened.
            await Assert.ThrowsAsync<IndexException>(() => index.UpsertAsync([.. Entries(90).Skip(50)], Cancellation));
        }
        finally
        {
            servers.Start(1);
        }
        Assert.Equal(60, (await index.SearchAsync(Sounds.Vector(1), options, Cancellation)).Count);
        await index.UpsertAsync([.. Entries(90).Skip(50)], Cancellation);
        Assert.Equal(90, (await index.SearchAsync(Sounds.Vector(1), options, Cancellation)).Count);
        Assert.Equal(90, (await index.FilesAsync(Cancellation)).Count);
    }

    [Fact]
    public async Task A_change_that_failed_before_its_number_was_written_has_not_happened()
    {
        string name = NewName();
        using var index = await EnsureAsync(Address(name), Sounds.Settings);
        await index.UpsertAsync(Entries(5), Cancellation);
        foreach (int shard in (int[])[0, 1]) await servers.RunAsync(shard, $"RENAME TABLE {name}_commits_all TO {name}_away");
        await Assert.ThrowsAsync<IndexException>(() => index.UpsertAsync([.. Entries(9)], Cancellation));
        foreach (int shard in (int[])[0, 1]) await servers.RunAsync(shard, $"RENAME TABLE {name}_away TO {name}_commits_all");
        // Now rows of a change that stopped just before its end.
        await servers.RunAsync(0, $"INSERT INTO {name}_files_all SELECT first_row, version + 7 AS version, 1 AS gone, windows, path, "
            + $"full_path, "
            + "content_hash, size_bytes, modified, details, text_key, tokens, duration, sample_rate, channels, added, key_path, "
            + $"key_path_lower, key_folders, key_folders_upper, key_categories, key_tags, shard FROM {name}_files_all");
        await servers.RunAsync(0, $"INSERT INTO {name}_texts_all SELECT text_key, version, [1.0, 2.0], 0, shard FROM {name}_files_all "
            + "WHERE version > 7");
        int texts = (await index.TextsWithoutVectorsAsync(Cancellation)).Count;
        Assert.True(texts > 0);
        Assert.Equal(5, (await index.FilesAsync(Cancellation)).Count);
        await index.UpsertAsync([.. Entries(8).Skip(5)], Cancellation);
        Assert.Equal(Entries(8).Select(entry => entry.File), await index.FilesAsync(Cancellation));
        Assert.True((await index.TextsWithoutVectorsAsync(Cancellation)).Count > texts);
        await index.DeleteAsync([Entries(1)[0].File.FullPath], Cancellation);
        Assert.Equal(Entries(8).Skip(1).Select(entry => entry.File), await index.FilesAsync(Cancellation));
    }

    [Fact]
    public async Task Two_writers_at_a_time_are_found()
    {
        string name = NewName();
        using var index = await EnsureAsync(Address(name), Sounds.Settings);
        await index.UpsertAsync(Sounds.Entry(1), Cancellation);
        await servers.RunAsync(0, $"INSERT INTO {name}_commits_all SELECT * FROM {name}_commits_all");
        var error = await Assert.ThrowsAsync<IndexCorruptException>(() => index.SearchAsync(Sounds.Vector(1),
            cancellationToken: Cancellation));
        Assert.Contains("two writers have made change 1 at the same time", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_server_needs_no_cluster()
    {
        Address("");
        using var index = await EnsureAsync(servers.Address(NewName(), options: "", both: false), Sounds.Settings);
        await index.UpsertAsync(Entries(20), Cancellation);
        Assert.Equal(20, (await index.SearchAsync(Sounds.Vector(1), new AudioSearchOptions { Top = 100 }, Cancellation)).Count);
        Assert.True((await index.StatsAsync(Cancellation)).SizeBytes > 0);
        await index.SetTextVectorsAsync([.. (await index.TextsWithoutVectorsAsync(Cancellation))
            .Select(text => (text, (ReadOnlyMemory<float>)Sounds.TextVector(text)))], Cancellation);
        await index.SetTextScaleAsync(new TextScale { Mean = 0, Deviation = 0.1, Files = 20 }, Cancellation);
        var hits = (await index.SearchBatchAsync([new LibraryIndexQuery
        {
            Vector = Sounds.Vector(1), TextVector = Sounds.TextVector("rain near"),
        }], Cancellation))[0];
        Assert.Contains(hits, hit => hit.MeaningRank is not null);
    }

    [Fact]
    public async Task Every_shard_is_named_where_an_index_is_made()
    {
        Address("");
        var error = await Assert.ThrowsAsync<IndexException>(() => EnsureAsync(servers.Address(NewName(), both: false), Sounds.Settings));
        Assert.Contains("names 1 server, and the cluster has 2 shards", error.Message, StringComparison.Ordinal);
        var unknown = await Assert.ThrowsAsync<IndexException>(() => EnsureAsync(servers.Address(NewName(), "&cluster=none"),
            Sounds.Settings));
        Assert.Contains("has no cluster none", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_search_needs_one_server_of_the_cluster()
    {
        string name = NewName();
        using (var index = await EnsureAsync(Address(name), Sounds.Settings)) await index.UpsertAsync(Entries(40), Cancellation);
        using var opened = await OpenAsync(servers.Address(name, both: false));
        Assert.Equal(40, (await opened.SearchAsync(Sounds.Vector(1), new AudioSearchOptions { Top = 100 }, Cancellation)).Count);
    }

    [Fact]
    public async Task A_server_that_is_not_there_or_refuses_is_an_error_without_the_password()
    {
        var error = await Assert.ThrowsAsync<IndexException>(() => OpenAsync("clickhouse://me:secret-word@127.0.0.1:9/db"));
        Assert.StartsWith("clickhouse://me:***@127.0.0.1:9/db: the server 127.0.0.1:9 cannot be reached", error.Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", error.ToString(), StringComparison.Ordinal);
        string wrong = Address(NewName()).Replace("secret-word", "secret-but-wrong", StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<IndexException>(() => OpenAsync(wrong));
        Assert.Contains("ClickHouse refuses (193)", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-but-wrong", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_vector_is_no_answer()
    {
        string name = NewName();
        using var index = await EnsureAsync(Address(name), Sounds.Settings);
        await index.UpsertAsync([Sounds.Entry(1), Sounds.Entry(2)], Cancellation);
        foreach (int shard in (int[])[0, 1])
        {
            await servers.RunAsync(shard, $"CREATE TABLE {name}_copy AS {name}_windows ENGINE = MergeTree ORDER BY row_id");
            await servers.RunAsync(shard, $"INSERT INTO {name}_copy SELECT row_id, first_row, start_seconds, end_seconds, checksum, "
                + $"arrayMap(x -> x * 1.001, vector), shard FROM {name}_windows");
            await servers.RunAsync(shard, $"DROP TABLE {name}_windows");
            await servers.RunAsync(shard, $"RENAME TABLE {name}_copy TO {name}_windows");
        }
        var error = await Assert.ThrowsAsync<IndexCorruptException>(() => index.SearchAsync(Sounds.Vector(1),
            cancellationToken: Cancellation));
        Assert.Contains("is not what was written", error.Message, StringComparison.Ordinal);
    }
}
