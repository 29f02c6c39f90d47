using System.Globalization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Indexing;
using NativeRetrieval.Indexing.Remote;
using Npgsql;

namespace NativeRetrieval.Postgres;

/// <summary>A PostgreSQL server with pgvector.</summary>
internal sealed class PostgresServer : IIndexServer
{
    const int DefaultPort = 5432, DefaultConnections = 8;

    readonly ServerAddress _address;
    readonly NpgsqlDataSource _source;

    public PostgresServer(ServerAddress address)
    {
        _address = address;
        if (address.Hosts.Count > 1)
            throw new OptionException($"{address.Masked}: names {address.Hosts.Count} hosts; PostgreSQL has one");
        string scan = address.Option("scan") ?? "halfvec";
        if (scan is not ("halfvec" or "vector")) throw new OptionException($"{address.Masked}: scan={scan}; it must be halfvec or vector");
        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = address.Hosts[0].Host,
            Port = address.Hosts[0].Port == 0 ? DefaultPort : address.Hosts[0].Port,
            CommandTimeout = (int)address.Timeout.TotalSeconds,
            Timeout = Math.Min(1024, (int)address.Timeout.TotalSeconds),
            MaxPoolSize = address.Number("connections", DefaultConnections, 1, 1024),
            MinPoolSize = 0,
            ApplicationName = "nativeretrieval",
            SslMode = SslModeOf(address),
        };
        if (address.User is { } user) connection.Username = user;
        if (address.Password is { } password) connection.Password = password;
        if (address.Database.Length > 0) connection.Database = address.Database;
        var builder = new NpgsqlSlimDataSourceBuilder(connection.ConnectionString);
        builder.EnableArrays();
        builder.EnableTransportSecurity();
        _source = builder.Build();
    }

    /// <summary>Name of the schema, which needs no quotes.</summary>
    public string Schema => $"nativeretrieval_{_address.IndexName}";

    public string Place => _address.Masked;

    public TimeSpan Timeout => _address.Timeout;

    static SslMode SslModeOf(ServerAddress address) => address.Option("sslmode") switch
    {
        null or "prefer" => SslMode.Prefer,
        "disable" => SslMode.Disable,
        "allow" => SslMode.Allow,
        "require" => SslMode.Require,
        "verify-ca" => SslMode.VerifyCA,
        "verify-full" => SslMode.VerifyFull,
        var other => throw new OptionException($"{address.Masked}: sslmode={other}; it must be disable, allow, prefer, require, "
            + $"verify-ca or "
            + "verify-full"),
    };

    public Task<IndexSettings?> ReadSettingsAsync(CancellationToken cancellation) => CalledAsync(async () =>
    {
        await using var connection = await _source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        return await ReadSettingsAsync(connection, cancellation).ConfigureAwait(false);
    }, cancellation);

    async Task<IndexSettings?> ReadSettingsAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using (var exists = new NpgsqlCommand("SELECT to_regclass($1)::text", connection))
        {
            exists.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"{Schema}.settings" });
            if (await exists.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is not string) return null;
        }
        await using (var version = new NpgsqlCommand($"SELECT schema_version FROM {Schema}.settings", connection))
        {
            if (await version.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is not int number) return null;
            if (number != PostgresSchema.Version)
                throw new IndexException($"{Place}: the index has schema version {number}, this program reads {PostgresSchema.Version}; "
                    + $"use "
                    + (number > PostgresSchema.Version ? "a newer NativeRetrieval" : "the NativeRetrieval that made it, or index anew"));
        }
        await using var command = new NpgsqlCommand("SELECT model_id, model_fingerprint, dimension, element, window_seconds, hop_seconds "
            + $"FROM {Schema}.settings", connection);
        await using var row = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        await row.ReadAsync(cancellation).ConfigureAwait(false);
        return new IndexSettings
        {
            ModelId = row.GetString(0), ModelFingerprint = row.GetString(1), Dimension = row.GetInt32(2),
            Element = row.GetString(3) == nameof(DType.BFloat16) ? DType.BFloat16 : DType.Float32,
            WindowSeconds = row.GetDouble(4), HopSeconds = row.GetDouble(5),
        };
    }

    public Task CreateAsync(IndexSettings settings, CancellationToken cancellation) => CalledAsync(async () =>
    {
        await using var connection = await _source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await LockAsync(connection, cancellation).ConfigureAwait(false);
        if (await ReadSettingsAsync(connection, cancellation).ConfigureAwait(false) is not null) return true;
        string scan = await PostgresSchema.CreateAsync(connection, Schema, settings, _address, cancellation).ConfigureAwait(false);
        await using var insert = new NpgsqlCommand(
            $"INSERT INTO {Schema}.settings VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8)", connection);
        insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = PostgresSchema.Version });
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = settings.ModelId });
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = settings.ModelFingerprint });
        insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = settings.Dimension });
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = settings.Element.ToString() });
        insert.Parameters.Add(new NpgsqlParameter<double> { TypedValue = settings.WindowSeconds });
        insert.Parameters.Add(new NpgsqlParameter<double> { TypedValue = settings.HopSeconds });
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = scan });
        await insert.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        return true;
    }, cancellation);

    public async Task<IServerSession> BeginReadAsync(IndexSettings settings, CancellationToken cancellation) =>
        await BeginAsync(settings, isWriter: false, cancellation).ConfigureAwait(false);

    public async Task<IServerWriter> BeginWriteAsync(IndexSettings settings, CancellationToken cancellation) =>
        await BeginAsync(settings, isWriter: true, cancellation).ConfigureAwait(false);

    Task<PostgresSession> BeginAsync(IndexSettings settings, bool isWriter, CancellationToken cancellation) => CalledAsync(async () =>
    {
        var connection = await _source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        try
        {
            // A writer's statements see what was committed before it got the lock.
            await ExecuteAsync(connection, isWriter ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", cancellation)
                .ConfigureAwait(false);
            if (isWriter) await LockAsync(connection, cancellation).ConfigureAwait(false);
            return await PostgresSession.BeginAsync(this, connection, settings, cancellation).ConfigureAwait(false);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }, cancellation);

    /// <summary>Takes the lock of the one commit at a time; the end of the transaction, or of the process, frees it.</summary>
    async Task LockAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await ExecuteAsync(connection, string.Create(CultureInfo.InvariantCulture,
            $"SET LOCAL lock_timeout = {(long)_address.Timeout.TotalMilliseconds}"), cancellation).ConfigureAwait(false);
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock(hashtextextended('{Schema}', 0))", cancellation)
            .ConfigureAwait(false);
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Runs a call; what goes wrong on the server or on the way to it becomes an error that names it.</summary>
    public async Task<T> CalledAsync<T>(Func<Task<T>> call, CancellationToken cancellation)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            throw new IndexException($"{Place}: another writer has held the index for {Timeout.TotalSeconds:0} s; wait until it has "
                + $"finished, "
                + "or raise timeout= in the address", e);
        }
        catch (Exception e) when (cancellation.IsCancellationRequested && e is OperationCanceledException or NpgsqlException)
        {
            throw new OperationCanceledException("the search or change of an index was cancelled", e, cancellation);
        }
        catch (PostgresException e)
        {
            throw new IndexException($"{Place}: PostgreSQL refuses ({e.SqlState}): {PlainText.Of(e.MessageText)}", e);
        }
        catch (Exception e) when (e is TimeoutException or NpgsqlException { InnerException: TimeoutException })
        {
            throw new IndexException($"{Place}: no answer within {Timeout.TotalSeconds:0} s; is the server busy, or the index large? "
                + "Raise timeout= in the address", e);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or System.Net.Sockets.SocketException)
        {
            throw new IndexException($"{Place}: the server cannot be reached, or broke off: {PlainText.Of(e.Message)}", e);
        }
    }

    public void Dispose() => _source.Dispose();
}
