using Microsoft.Data.Sqlite;
using NativeRetrieval.Indexing.Storage;

namespace NativeRetrieval.Indexing.Remote;

/// <summary>
/// The words that a folder's full-text index finds in a text: the same part of SQLite splits and stems them, in memory, so that other
/// engines store what that one would. Safe for several threads.
/// </summary>
internal sealed class WordTokens : IDisposable
{
    /// <summary>Bits of a place that say where in its column it is; those above say which column.</summary>
    const int PlaceBits = 27;

    static readonly string[] _columns = ["name", "folder", "title", "description", "tags", "other"];

    readonly SqliteConnection _connection = new("Data Source=:memory:;Pooling=False");
    readonly Lock _lock = new();

    public WordTokens()
    {
        _connection.Open();
        Execute(DetailsTable.WordsSchema + "CREATE VIRTUAL TABLE instances USING fts5vocab(words, 'instance');");
    }

    public static int ColumnOf(int place) => place >> PlaceBits;

    /// <summary>The terms of a file's texts, each with its places in ascending order.</summary>
    public (IReadOnlyDictionary<string, int[]> Terms, int Tokens) Of(string fullPath, SoundDetails details)
    {
        var terms = Of(DetailsTable.Columns(fullPath, details)).GroupBy(item => item.Term, item => item.Place, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Order().ToArray(), StringComparer.Ordinal);
        return (terms, terms.Values.Sum(places => places.Length));
    }

    /// <summary>The terms of a word of a query, in their order; several stand for each other's neighbours.</summary>
    public IReadOnlyList<string> Of(string word) =>
        [.. Of([word, "", "", "", "", ""]).OrderBy(item => item.Place).Select(item => item.Term)];

    List<(string Term, int Place)> Of(string[] texts)
    {
        lock (_lock)
        {
            using var insert = _connection.CreateCommand();
            insert.CommandText = "INSERT INTO words (rowid, name, folder, title, description, tags, other) VALUES (1, $0, $1, $2, $3, "
                + "$4, $5)";
            for (int i = 0; i < texts.Length; i++) insert.Parameters.AddWithValue($"${i}", texts[i]);
            insert.ExecuteNonQuery();
            try
            {
                using var select = _connection.CreateCommand();
                select.CommandText = "SELECT term, col, offset FROM instances";
                using var row = select.ExecuteReader();
                var found = new List<(string, int)>();
                while (row.Read())
                    found.Add((row.GetString(0), Array.IndexOf(_columns, row.GetString(1)) << PlaceBits | row.GetInt32(2)));
                return found;
            }
            finally
            {
                Execute("DELETE FROM words");
            }
        }
    }

    void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public void Dispose() => _connection.Dispose();
}
