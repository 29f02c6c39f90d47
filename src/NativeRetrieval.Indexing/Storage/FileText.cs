using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>The text of a file as a text encoder reads it: the words of its name, its title, description and keywords, each once.</summary>
internal static class FileText
{
    /// <summary>Characters that are read: an encoder takes a few hundred tokens, and what a sound is stands in front.</summary>
    const int MostCharacters = 400;

    /// <returns>The text; empty where none of it is a word, as of names that are numbers.</returns>
    public static string Of(string fullPath, SoundDetails details)
    {
        string[] parts =
        [
            Words(Path.GetFileNameWithoutExtension(fullPath)), Words(details.Title ?? ""), details.Description?.Trim() ?? "",
            string.Join(", ", details.Tags),
        ];
        string text = string.Join(", ", parts.Where(part => part.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase)).ToLowerInvariant();
        return text.Length <= MostCharacters ? text : text[..MostCharacters];
    }

    /// <summary>Key of a text among the vectors: the first eight bytes of its SHA-256.</summary>
    public static long KeyOf(string text) => BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>The words of a name, without numbers of takes and single letters.</summary>
    static string Words(string name) => string.Join(' ', WordSplitter.Split(name).Split(' ')
        .Where(word => word.Length > 1 && word.Any(char.IsLetter)));
}
