using System.Text.Unicode;
using CsvHelper;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Evaluation.Data;

/// <summary>CSV files as this program takes them: UTF-8, comma, header, nothing malformed.</summary>
internal static class CsvText
{
    /// <exception cref="CaptionFileException">The text is not UTF-8.</exception>
    /// <exception cref="FileReadException">The file cannot be read.</exception>
    public static CsvReader Open(string path) => CsvReader.Create(ReadUtf8(path), new CsvReaderOptions
    {
        Separator = ',',
        TrackLineNumbers = true,
        MalformedData = CsvMalformedDataHandling.Throw,
    });

    static byte[] ReadUtf8(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, error.Message, error);
        }
        if (Utf8.IsValid(bytes)) return bytes;
        int line = 1;
        for (int start = 0; ;)
        {
            int end = Array.IndexOf(bytes, (byte)'\n', start);
            if (end < 0 || !Utf8.IsValid(bytes.AsSpan(start, end - start)))
                throw new CaptionFileException(path, line, "the text is not UTF-8; save the file as UTF-8");
            (start, line) = (end + 1, line + 1);
        }
    }
}
