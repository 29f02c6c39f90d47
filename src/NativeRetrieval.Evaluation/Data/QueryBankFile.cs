using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Evaluation.Data;

/// <summary>
/// Files of sentences for a <see cref="QueryBank"/>: a text with one on each line (<c>.txt</c>), a table of queries, or a caption file, of
/// which all captions are taken.
/// </summary>
public static class QueryBankFile
{
    const int MostBytes = 256 << 20;

    /// <summary>The different sentences, in their order.</summary>
    /// <exception cref="OptionException">There are fewer than a bank needs.</exception>
    /// <exception cref="CaptionFileException">It is no table of a known layout, or has a malformed row.</exception>
    /// <exception cref="CorruptFileException">The text is not UTF-8, or far too large.</exception>
    /// <exception cref="FileReadException">The file cannot be read.</exception>
    public static IReadOnlyList<string> Read(string path)
    {
        string[] sentences = [.. Sentences(path).Select(sentence => sentence.Trim()).Where(sentence => sentence.Length > 0)
            .Distinct(StringComparer.Ordinal)];
        QueryBank.RequireEnough(sentences.Length, path);
        return sentences;
    }

    static IEnumerable<string> Sentences(string path) =>
        Path.GetExtension(path).Equals(".txt", StringComparison.OrdinalIgnoreCase) ? SmallFile.ReadLines(path, MostBytes)
        : QueryCsv.HasNoAnswers(path) ? QueryCsv.Read(path)
        : CaptionCsv.ReadCaptions(path, ".").Clips.SelectMany(clip => clip.Captions);
}
