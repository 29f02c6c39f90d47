using System.Text.Json;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval;

/// <summary>Reads small configuration files.</summary>
internal static class JsonFile
{
    /// <exception cref="FileReadException">There is no such file, or it may not be read.</exception>
    /// <exception cref="CorruptFileException">It is not JSON, or far larger than a configuration.</exception>
    public static JsonDocument Open(string path) => SmallFile.ReadJson(path, SmallFile.LargestTextBytes);
}
