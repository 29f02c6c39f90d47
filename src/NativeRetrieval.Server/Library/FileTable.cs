using System.Buffers;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Server.Library;

/// <summary>
/// The files of an index by opaque ids: HMAC-SHA-256 of a file's path under a key of the index. An id names a file of the index or
/// nothing; no id is read as a path. It stays the same as long as the index does.
/// </summary>
internal sealed class FileTable(LocalAudioIndex index)
{
    const int IdBytes = 16, IdCharacters = 22;

    static readonly SearchValues<char> _characters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    readonly byte[] _key = [.. "file ids of "u8, .. index.Id.ToByteArray()];
    readonly ConcurrentDictionary<string, string> _paths = new();
    readonly Lock _listing = new();
    long _listed = -1;

    /// <summary>True for a text that has the form of an id.</summary>
    public static bool IsWellFormed(string id) => id.Length == IdCharacters && !id.AsSpan().ContainsAnyExcept(_characters);

    /// <summary>The id of a file of the index.</summary>
    public string IdOf(string fullPath)
    {
        string id = Base64Url.EncodeToString(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(fullPath)).AsSpan(0, IdBytes));
        _paths.TryAdd(id, fullPath);
        return id;
    }

    /// <summary>The absolute path of a file of the index; null: it has none of this id.</summary>
    public string? PathOf(string id)
    {
        if (_paths.TryGetValue(id, out string? path)) return path;
        lock (_listing)
        {
            long commits = index.Commits;
            if (_listed != commits)
            {
                foreach (var file in index.Files()) IdOf(file.FullPath);
                _listed = commits;
            }
        }
        return _paths.GetValueOrDefault(id);
    }
}
