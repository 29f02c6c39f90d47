using System.Globalization;
using CsvHelper;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Evaluation.Metrics;

namespace NativeRetrieval.Evaluation.Submissions;

/// <summary>
/// The score matrix that DCASE asks for since 2025 (task 6): header <c>index,FILE,FILE,…</c>, one row per query whose first field is the
/// query's text. The text is the row's key, so a caption that occurs several times has one row.
/// </summary>
public static class ScoresCsv
{
    /// <summary>Writes the scores of all queries, durably.</summary>
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
            csv.WriteField("index");
            foreach (string name in fileNames) csv.WriteField(name);
            csv.EndRecord();
            var written = new HashSet<string>(StringComparer.Ordinal);
            for (int query = 0; query < captions.Count; query++)
            {
                if (!written.Add(captions[query])) continue;
                csv.WriteField(captions[query]);
                foreach (float score in scores.Row(query)) csv.WriteField(score.ToString(CultureInfo.InvariantCulture));
                csv.EndRecord();
            }
        });
    }
}
