using System.Text.Json;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval;

/// <summary>Reads small configuration files.</summary>
internal static class JsonFile
{
    const long LargestBytes = 16 << 20;

    /// <exception cref="FileReadException">There is no such file, or it may not be read.</exception>
    /// <exception cref="CorruptFileException">It is not JSON, or far larger than a configuration.</exception>
    public static JsonDocument Open(string path)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > LargestBytes } file)
                throw new CorruptFileException(path, $"has {file.Length} bytes; a configuration has at most {LargestBytes}");
            return JsonDocument.Parse(File.ReadAllBytes(path));
        }
        catch (JsonException e)
        {
            throw new CorruptFileException(path, $"is not valid JSON: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, e.Message, e);
        }
    }
}
