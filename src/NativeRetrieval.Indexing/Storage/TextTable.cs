using System.Runtime.InteropServices;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>The catalogue's vectors of the texts of files, bfloat16, each text once and with a checksum, and their scale.</summary>
internal sealed class TextTable(Catalogue catalogue)
{
    public const string Schema = """
        CREATE TABLE texts (key INTEGER PRIMARY KEY, vector BLOB NOT NULL, checksum INTEGER NOT NULL);
        CREATE TABLE text_scale (one INTEGER PRIMARY KEY CHECK (one = 1), mean REAL NOT NULL, deviation REAL NOT NULL, agreement REAL,
            files INTEGER NOT NULL, checksum INTEGER NOT NULL);
        """;

    /// <summary>Keys of the texts that have a vector.</summary>
    public HashSet<long> Keys() => catalogue.HasTexts ? [.. catalogue.Many("SELECT key FROM texts", [], row => row.GetInt64(0))] : [];

    /// <summary>All vectors, compared with their checksums, in the order of keys.</summary>
    public IEnumerable<(long Key, BFloat16[] Vector)> ReadAll() => !catalogue.HasTexts ? []
        : catalogue.Many("SELECT key, vector, checksum FROM texts ORDER BY key", [], row =>
        {
            byte[] vector = row.GetFieldValue<byte[]>(1);
            return vector.Length > 0 && vector.Length % sizeof(ushort) == 0 && row.GetInt64(2) == Checksum(row.GetInt64(0), vector)
                ? (row.GetInt64(0), MemoryMarshal.Cast<byte, BFloat16>(vector).ToArray())
                : throw catalogue.Corrupt($"the vector of text {row.GetInt64(0):X} does not match its checksum");
        });

    public void Write(long key, ReadOnlySpan<float> vector)
    {
        byte[] bytes = MemoryMarshal.AsBytes(Rounded(vector).AsSpan()).ToArray();
        catalogue.Execute("INSERT OR REPLACE INTO texts VALUES ($key, $vector, $checksum)", ("$key", key), ("$vector", bytes),
            ("$checksum", Checksum(key, bytes)));
    }

    public void Delete(long key) => catalogue.Execute("DELETE FROM texts WHERE key = $key", ("$key", key));

    public void WriteScale(TextScale scale) =>
        catalogue.Execute("INSERT OR REPLACE INTO text_scale VALUES (1, $mean, $deviation, $agreement, $files, $checksum)",
            ("$mean", scale.Mean), ("$deviation", scale.Deviation), ("$agreement", (object?)scale.Agreement ?? DBNull.Value),
            ("$files", scale.Files), ("$checksum", Checksum(scale)));

    public TextScale? ReadScale() => !catalogue.HasTexts ? null
        : catalogue.One("SELECT mean, deviation, agreement, files, checksum FROM text_scale", [], row =>
        {
            var scale = new TextScale
            {
                Mean = row.GetDouble(0), Deviation = row.GetDouble(1), Agreement = row.IsDBNull(2) ? null : row.GetDouble(2),
                Files = row.GetInt64(3),
            };
            return row.GetInt64(4) == Checksum(scale) ? scale
                : throw catalogue.Corrupt("the scale of texts does not match its checksum");
        });

    /// <summary>The vector as it is kept.</summary>
    public static BFloat16[] Rounded(ReadOnlySpan<float> vector)
    {
        var rounded = new BFloat16[vector.Length];
        for (int i = 0; i < rounded.Length; i++) rounded[i] = (BFloat16)vector[i];
        return rounded;
    }

    public static long Checksum(long key, BFloat16[] vector) => Checksum(key, MemoryMarshal.AsBytes(vector.AsSpan()).ToArray());

    static long Checksum(long key, byte[] vector) => new RecordChecksum().Add(key).Add(vector).Value;

    static long Checksum(TextScale scale) => new RecordChecksum().Add(scale.Mean).Add(scale.Deviation).Add(scale.Agreement ?? -1)
        .Add(scale.Files).Value;
}
