using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.Postgres;

namespace NativeRetrieval.Engines.Tests;

/// <summary>The contract of engines on PostgreSQL with pgvector, and what is PostgreSQL's own.</summary>
public sealed class PostgresTests(PgliteServer server) : EngineContract, IClassFixture<PgliteServer>
{
    protected override string Address(string name)
    {
        Assert.SkipWhen(server.Missing is not null, server.Missing ?? "");
        return server.Address(name);
    }

    protected override async Task<ILibraryIndex> EnsureAsync(string address, IndexSettings settings) =>
        await PostgresIndex.EnsureCollectionExistsAsync(address, settings, Cancellation);

    protected override async Task<ILibraryIndex> OpenAsync(string address, string? fingerprint = null) =>
        await PostgresIndex.OpenAsync(address, IndexAccess.Read, fingerprint, Cancellation);

    [Fact]
    public async Task Full_vectors_can_be_scanned_as_well()
    {
        string name = NewName();
        using var index = await EnsureAsync(Address(name) + "&scan=vector", Sounds.Settings);
        await index.UpsertAsync([.. Enumerable.Range(0, 20).Select(number => Sounds.Entry(number))], Cancellation);
        Assert.Equal(0L, await server.RunAsync(
            $"SELECT count(*) FROM information_schema.columns WHERE table_schema = 'nativeretrieval_{name}' AND column_name = 'half'"));
        Assert.Equal(10, (await index.SearchAsync(Sounds.Vector(1), cancellationToken: Cancellation)).Count);
    }

    [Fact]
    public async Task Every_change_is_made_under_the_advisory_lock()
    {
        string name = NewName();
        using var index = await EnsureAsync(Address(name), Sounds.Settings);
        await server.RunAsync($"""
            CREATE TABLE locks_{name} (held bigint);
            CREATE FUNCTION note_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO locks_{name} SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted; RETURN NULL; END $$;
            CREATE TRIGGER note AFTER UPDATE ON nativeretrieval_{name}.state EXECUTE FUNCTION note_{name}();
            """);
        await index.UpsertAsync(Sounds.Entry(1), Cancellation);
        await index.DescribeAsync([(Sounds.Entry(1).File.FullPath, Sounds.Entry(1).Details!)], Cancellation);
        await index.DeleteAsync([Sounds.Entry(1).File.FullPath], Cancellation);
        Assert.Equal("1,1,1", await server.RunAsync($"SELECT string_agg(held::text, ',') FROM locks_{name}"));
        Assert.Equal(0L, await server.RunAsync("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"));
    }

    [Fact]
    public async Task A_commit_that_fails_changes_nothing()
    {
        string name = NewName();
        using var index = await EnsureAsync(Address(name), Sounds.Settings);
        await index.UpsertAsync(Sounds.Entry(1), Cancellation);
        await server.RunAsync($"ALTER TABLE nativeretrieval_{name}.words ADD CONSTRAINT none CHECK (term <> 'kiosk')");
        // The last file of the call has the word.
        var error = await Assert.ThrowsAsync<IndexException>(() => index.UpsertAsync(
            [Sounds.Entry(1, version: 1), Sounds.Entry(2), Sounds.Entry(11)], Cancellation));
        Assert.Contains("PostgreSQL refuses (23514)", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await index.StatsAsync(Cancellation)).Files);
        Assert.Equal(Sounds.Entry(1).File, (await index.GetAsync(Sounds.Entry(1).File.FullPath, Cancellation))!.File);
    }

    [Fact]
    public async Task A_changed_vector_is_no_answer()
    {
        string name = NewName();
        using var index = await EnsureAsync(Address(name), Sounds.Settings);
        await index.UpsertAsync([Sounds.Entry(1), Sounds.Entry(2)], Cancellation);
        await server.RunAsync($"UPDATE nativeretrieval_{name}.windows SET vector = l2_normalize(vector + vector) WHERE row_id = 2");
        await server.RunAsync($"UPDATE nativeretrieval_{name}.windows SET vector = (SELECT vector FROM nativeretrieval_{name}.windows "
            + "WHERE row_id = 1) WHERE row_id = 2");
        var error = await Assert.ThrowsAsync<IndexCorruptException>(() => index.SearchAsync(Sounds.Vector(1),
            cancellationToken: Cancellation));
        Assert.Contains("row 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_schema_is_refused()
    {
        string name = NewName(), address = Address(name);
        (await EnsureAsync(address, Sounds.Settings)).Dispose();
        await server.RunAsync($"UPDATE nativeretrieval_{name}.settings SET schema_version = 2");
        var error = await Assert.ThrowsAsync<IndexException>(() => OpenAsync(address));
        Assert.Contains("schema version 2, this program reads 1; use a newer NativeRetrieval", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_in_time_is_an_error()
    {
        Assert.SkipWhen(server.Missing is not null, server.Missing ?? "");
        // A server of its own, because it goes on counting long after the client has given up.
        using var busy = new PgliteServer();
        string name = NewName();
        (await EnsureAsync(busy.Address(name), Sounds.Settings)).Dispose();
        await busy.RunAsync($"ALTER TABLE nativeretrieval_{name}.settings RENAME TO held; CREATE VIEW nativeretrieval_{name}.settings AS "
            + $"SELECT * FROM nativeretrieval_{name}.held WHERE (SELECT count(*) FROM generate_series(1, 100000000) g WHERE g % 2 = one) "
            + $"> 0");
        var error = await Assert.ThrowsAsync<IndexException>(() => OpenAsync(busy.Address(name, "&timeout=1")));
        Assert.Contains("no answer within 1 s", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_an_error_without_the_password()
    {
        // Nothing listens on the discard port of this computer.
        const string address = "postgres://me:secret-word@127.0.0.1:9/db?sslmode=disable&timeout=5";
        var error = await Assert.ThrowsAsync<IndexException>(() => OpenAsync(address));
        Assert.StartsWith("postgres://me:***@127.0.0.1:9/db?sslmode=disable&timeout=5: the server cannot be reached", error.Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", error.ToString(), StringComparison.Ordinal);
    }
}
