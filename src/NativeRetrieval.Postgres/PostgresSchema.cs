using System.Globalization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.Indexing.Remote;
using Npgsql;

namespace NativeRetrieval.Postgres;

/// <summary>The tables of an index.</summary>
internal static class PostgresSchema
{
    public const int Version = 1;

    static readonly Version _firstWithHalves = new(0, 7);

    /// <summary>Makes the schema and its tables within the connection's transaction.</summary>
    /// <returns>Type that searches read first: <c>halfvec</c> or <c>vector</c>.</returns>
    public static async Task<string> CreateAsync(NpgsqlConnection connection, string schema, IndexSettings settings, ServerAddress address,
        CancellationToken cancellation)
    {
        await using (var extension = new NpgsqlCommand("CREATE EXTENSION IF NOT EXISTS vector", connection))
        {
            try
            {
                await extension.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            }
            catch (PostgresException e)
            {
                throw new IndexException($"{address.Masked}: the extension vector (pgvector) is not in the database and cannot be added: "
                    + $"{PlainText.Of(e.MessageText)}; install pgvector on the server, or let its owner run CREATE EXTENSION vector", e);
            }
        }
        await using var version = new NpgsqlCommand("SELECT extversion FROM pg_extension WHERE extname = 'vector'", connection);
        string found = (string?)await version.ExecuteScalarAsync(cancellation).ConfigureAwait(false) ?? "";
        bool hasHalves = System.Version.TryParse(found, out var number) && number >= _firstWithHalves;
        if (!hasHalves && address.Option("scan") == "halfvec")
            throw new IndexException($"{address.Masked}: pgvector {found} has no halfvec; 0.7 has: update it, or leave out scan=halfvec");
        const int mostDimensions = 16_000;
        if (settings.Dimension > mostDimensions)
            throw new IndexException($"{address.Masked}: the vectors have {settings.Dimension:N0} values; pgvector takes "
                + $"{mostDimensions:N0}");
        string scan = hasHalves && address.Option("scan") != "vector" ? "halfvec" : "vector";
        await using var tables = new NpgsqlCommand(Tables(schema, settings.Dimension, scan == "halfvec"), connection);
        await tables.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        return scan;
    }

    /// <remarks>
    /// Full vectors lie outside of their rows (EXTERNAL), so that reading the halves does not read them, too; the halves lie inside (PLAIN)
    /// where three or more fit into a page.
    /// </remarks>
    static string Tables(string schema, int dimension, bool hasHalves)
    {
        const int largestInPage = 1_300;
        string half = hasHalves ? string.Create(CultureInfo.InvariantCulture, $", half halfvec({dimension}) NOT NULL") : "";
        string storage = hasHalves && dimension <= largestInPage
            ? $"ALTER TABLE {schema}.windows ALTER COLUMN half SET STORAGE PLAIN;" : "";
        return string.Create(CultureInfo.InvariantCulture, $"""
            CREATE SCHEMA IF NOT EXISTS {schema};
            CREATE TABLE {schema}.settings (one int PRIMARY KEY CHECK (one = 1), schema_version int NOT NULL, model_id text NOT NULL,
                model_fingerprint text NOT NULL, dimension int NOT NULL, element text NOT NULL, window_seconds float8 NOT NULL,
                hop_seconds float8 NOT NULL, scan text NOT NULL);
            CREATE TABLE {schema}.state (one int PRIMARY KEY CHECK (one = 1), commits bigint NOT NULL, next_row bigint NOT NULL,
                files bigint NOT NULL, windows bigint NOT NULL, tokens bigint NOT NULL);
            INSERT INTO {schema}.state VALUES (1, 0, 1, 0, 0, 0);
            CREATE TABLE {schema}.background (one int PRIMARY KEY CHECK (one = 1), files bigint NOT NULL, scores bytea NOT NULL);
            CREATE TABLE {schema}.files (first_row bigint PRIMARY KEY, windows int NOT NULL, path text NOT NULL,
                full_path text COLLATE "C" NOT NULL, content_hash text COLLATE "C" NOT NULL, size_bytes bigint NOT NULL,
                modified bigint NOT NULL, details text NOT NULL, text_key bigint NOT NULL, tokens int NOT NULL, duration float8 NOT NULL,
                sample_rate int, channels int, added bigint, key_path text COLLATE "C" NOT NULL, key_path_lower text COLLATE "C" NOT NULL,
                key_folders text COLLATE "C" NOT NULL, key_folders_upper text COLLATE "C" NOT NULL,
                key_categories text[] COLLATE "C" NOT NULL, key_tags text[] COLLATE "C" NOT NULL);
            CREATE UNIQUE INDEX ON {schema}.files (md5(full_path));
            CREATE INDEX ON {schema}.files USING hash (full_path);
            CREATE INDEX ON {schema}.files (text_key);
            CREATE TABLE {schema}.texts (key bigint PRIMARY KEY, vector vector NOT NULL, checksum bigint NOT NULL);
            CREATE TABLE {schema}.text_scale (one int PRIMARY KEY CHECK (one = 1), mean float8 NOT NULL, deviation float8 NOT NULL,
                agreement float8, files bigint NOT NULL);
            CREATE TABLE {schema}.windows (row_id bigint PRIMARY KEY, first_row bigint NOT NULL
                REFERENCES {schema}.files ON DELETE CASCADE DEFERRABLE, start_seconds float8 NOT NULL, end_seconds float8 NOT NULL,
                checksum bigint NOT NULL{half}, vector vector({dimension}) NOT NULL);
            ALTER TABLE {schema}.windows ALTER COLUMN vector SET STORAGE EXTERNAL;
            {storage}
            CREATE INDEX ON {schema}.windows (first_row);
            CREATE TABLE {schema}.words (term text COLLATE "C" NOT NULL, first_row bigint NOT NULL
                REFERENCES {schema}.files ON DELETE CASCADE DEFERRABLE, places int[] NOT NULL, PRIMARY KEY (term, first_row));
            CREATE INDEX ON {schema}.words (first_row);
            """);
    }
}
