using CsvHelper;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Evaluation.Metrics;

namespace NativeRetrieval.Evaluation.Submissions;

/// <summary>
/// The DCASE task 6b output file: header <c>caption,file_name_1,…,file_name_10</c>, one row per query caption exactly as written,
/// file names best first, fields quoted where they hold a comma, a quote or a line break.
/// </summary>
public static class SubmissionCsv
{
    const int Answers = 10;

    /// <summary>Writes the best ten files of every query, durably.</summary>
    /// <param name="fileNames">File names of the items, in order.</param>
    /// <exception cref="ShapeException">There are not as many captions and names as scores.</exception>
    /// <exception cref="FileWriteException">The disk refused.</exception>
    public static void Write(string path, IReadOnlyList<string> captions, IReadOnlyList<string> fileNames, SimilarityMatrix scores)
    {
        if (captions.Count != scores.Queries || fileNames.Count != scores.Items)
            throw new ShapeException($"{captions.Count} captions and {fileNames.Count} file names "
                + $"for scores of {scores.Queries} x {scores.Items}");
        DurableFile.WriteAtomic(path, stream =>
        {
            using var csv = CsvWriter.Create(stream, CsvWriterOptions.Default with { NewLine = "\n" }, leaveOpen: true);
            int answers = Math.Min(Answers, fileNames.Count);
            csv.WriteField("caption");
            for (int i = 1; i <= answers; i++) csv.WriteField($"file_name_{i}");
            csv.EndRecord();
            for (int query = 0; query < captions.Count; query++)
            {
                csv.WriteField(captions[query]);
                foreach (int item in scores.Best(query, answers)) csv.WriteField(fileNames[item]);
                csv.EndRecord();
            }
        });
    }
}
