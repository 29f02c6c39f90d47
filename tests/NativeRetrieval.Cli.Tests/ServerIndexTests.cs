namespace NativeRetrieval.Cli.Tests;

/// <summary>Addresses of servers where commands take an index, and shards.</summary>
public sealed class ServerIndexTests
{
    /// <summary>Nothing listens on the discard port of this computer.</summary>
    const string Postgres = "postgres://me:secret-word@127.0.0.1:9/db?timeout=5", ClickHouse = "clickhouse://me:secret-word@127.0.0.1:9/db";

    [Theory]
    [InlineData(1, "cannot be reached", "search", "rain", "--index", Postgres)]
    [InlineData(1, "cannot be reached", "search", "rain", "--index", ClickHouse)]
    [InlineData(1, "cannot be reached", "index", "stats", ClickHouse)]
    [InlineData(2, "index verify works on an index in a folder", "index", "verify", Postgres)]
    [InlineData(2, "index compact works on an index in a folder", "index", "compact", ClickHouse)]
    [InlineData(2, "serve works on an index in a folder", "serve", "--index", Postgres)]
    [InlineData(2, "index --shard works on an index in a folder", "index", ".", "--to", Postgres, "--shard", "1/2")]
    [InlineData(2, "mysql://…: no such kind of index", "search", "rain", "--index", "mysql://me:secret-word@host/db")]
    [InlineData(2, "it has an option that is not known", "search", "rain", "--index", "postgres://h/db?password=secret-word")]
    [InlineData(2, "timeout=0; it must be 1 to 86400", "search", "rain", "--index", "clickhouse://me:secret-word@h/db?timeout=0")]
    [InlineData(2, "shard 0/2: expected I/N", "index", ".", "--to", "shards", "--shard", "0/2")]
    [InlineData(2, "--watch never ends", "index", ".", "--to", "shards", "--shard", "1/2", "--watch")]
    [InlineData(2, "there are no shards", "index", "merge", "/nowhere/at/all", "--to", "x.nrx")]
    [InlineData(2, "there are no shards", "index", "shards", "/nowhere/at/all")]
    [InlineData(2, "--device gpu: expected auto, cpu, cuda or cuda:N", "index", "merge", "shards", "--to", "x.nrx", "--device", "gpu")]
    public async Task What_cannot_be_done_is_said_without_the_password(int code, string message, params string[] arguments)
    {
        var result = await CommandLine.Run(arguments);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Equal(code, result.ExitCode);
        Assert.DoesNotContain("secret-word", result.Error + result.Out, StringComparison.Ordinal);
    }
}
