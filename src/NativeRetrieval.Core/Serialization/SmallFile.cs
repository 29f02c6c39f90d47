using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Core.Serialization;

/// <summary>
/// Reads whole files that are small by nature: configurations, settings, lists, tokenizers. Every such file is untrusted: it must be a
/// regular file (<see cref="RegularFile"/>) of bounded length, which is compared before memory is taken, and text must be UTF-8.
/// </summary>
public static class SmallFile
{
    /// <summary>Most bytes of a page of settings or of a list of a folder's files.</summary>
    public const int LargestTextBytes = 1 << 20;

    const int MostJsonTokens = 4 << 20, JsonDepth = 64;

    /// <summary>The bytes of a file.</summary>
    /// <param name="largestBytes">Most bytes that such a file has.</param>
    /// <exception cref="FileReadException">There is no such file, it is none, or it may not be read.</exception>
    /// <exception cref="CorruptFileException">It is larger than that.</exception>
    public static byte[] ReadBytes(string path, int largestBytes)
    {
        try
        {
            using var file = RegularFile.OpenRead(path);
            if (file.Length > largestBytes)
                throw new CorruptFileException(path, $"has {file.Length:N0} bytes; such a file has at most {largestBytes:N0}");
            var bytes = new byte[file.Length];
            int count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (count == bytes.Length && file.ReadByte() >= 0)
                throw new FileReadException(path, "it grows while it is read; try again when it is complete");
            return count == bytes.Length ? bytes : bytes[..count];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, error.Message, error);
        }
    }

    /// <summary>The text of a file: UTF-8 with or without a byte order mark, which is left out, and without NUL characters.</summary>
    /// <exception cref="CorruptFileException">It is larger than that, or no such text; the message names line and byte.</exception>
    /// <inheritdoc cref="ReadBytes"/>
    public static string ReadText(string path, int largestBytes) => Encoding.UTF8.GetString(ReadUtf8(path, largestBytes).Span);

    /// <summary>The lines of a text file, without their ends (LF, CR LF or CR).</summary>
    /// <inheritdoc cref="ReadText"/>
    public static IEnumerable<string> ReadLines(string path, int largestBytes)
    {
        var reader = new StringReader(ReadText(path, largestBytes));
        return Lines();

        IEnumerable<string> Lines()
        {
            while (reader.ReadLine() is { } line) yield return line;
        }
    }

    /// <summary>A JSON file: nested at most 64 deep, every name once in its object. The caller disposes of it.</summary>
    /// <exception cref="CorruptFileException">It is larger than that, no text, or not JSON; the message names the line.</exception>
    /// <inheritdoc cref="ReadBytes"/>
    public static JsonDocument ReadJson(string path, int largestBytes)
    {
        var text = ReadUtf8(path, largestBytes);
        try
        {
            // A document takes 12 bytes for each value, however short it is: they are counted first.
            var reader = new Utf8JsonReader(text.Span, new JsonReaderOptions { MaxDepth = JsonDepth });
            for (int tokens = 0; reader.Read(); tokens++)
                if (tokens == MostJsonTokens) throw new CorruptFileException(path, $"has more than {MostJsonTokens:N0} JSON values");
            return JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = JsonDepth, AllowDuplicateProperties = false });
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a name that is half of a surrogate pair.
            throw new CorruptFileException(path, $"is not valid JSON: {error.Message}", error);
        }
    }

    static ReadOnlyMemory<byte> ReadUtf8(string path, int largestBytes)
    {
        byte[] bytes = ReadBytes(path, largestBytes);
        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
            throw new CorruptFileException(path, "is UTF-16 text; save it as UTF-8");
        if (FirstFault(bytes) is { } fault)
            throw new CorruptFileException(path, $"line {bytes.AsSpan(0, fault).Count((byte)'\n') + 1}, byte {fault}: "
                + (bytes[fault] == 0 ? "a NUL character: it is not text, or not UTF-8; save it as UTF-8" : "not UTF-8; save it as UTF-8"));
        return bytes.AsMemory(bytes is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0);
    }

    static int? FirstFault(ReadOnlySpan<byte> bytes)
    {
        int nul = bytes.IndexOf((byte)0);
        var text = nul < 0 ? bytes : bytes[..nul];
        if (Utf8.IsValid(text)) return nul < 0 ? null : nul;
        for (int at = 0; at < text.Length;)
        {
            if (Rune.DecodeFromUtf8(text[at..], out _, out int length) != OperationStatus.Done) return at;
            at += length;
        }
        return null;
    }
}
