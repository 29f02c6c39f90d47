using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Cli.Commands.Searches;

/// <summary>Reads files with one text on each line.</summary>
internal static class TextLines
{
    const int MostBytes = 256 << 20;

    /// <summary>The lines without the white space around them; empty ones are left out.</summary>
    /// <param name="what">Name of a line's content, for messages.</param>
    /// <exception cref="OptionException">The file holds no text.</exception>
    /// <exception cref="CorruptFileException">It is not UTF-8, or far too large.</exception>
    public static string[] Read(string path, string what)
    {
        string[] lines = [.. SmallFile.ReadLines(path, MostBytes).Select(line => line.Trim()).Where(line => line.Length > 0)];
        return lines.Length > 0 ? lines : throw new OptionException($"{path} is empty; expected a {what} on each line");
    }
}
