using System.Globalization;

namespace NativeRetrieval.Indexing;

/// <summary>Hits as a table: CSV (RFC 4180, lines end in LF), a row for each hit, with all that is known of its file.</summary>
public static class HitTable
{
    static readonly string[] _columns =
    [
        "rank", "path", "start_seconds", "end_seconds", "score", "percentile", "sound_rank", "word_rank", "meaning_rank", "words",
        "duration_seconds", "sample_rate_hz", "channels", "added", "title", "description", "category", "cat_id", "tags", "library", "other",
    ];

    /// <summary>The line of the columns' names and those of the hits, each with its end.</summary>
    /// <param name="hits">A rank of 0 and a score or percentile of NaN are unknown, and their cells blank.</param>
    /// <remarks>Tags come from anywhere, and spreadsheets run a cell that begins with <c>=</c>, <c>+</c>, <c>-</c> or <c>@</c>: a text
    /// that does gets an apostrophe in front. Numbers are written as they are.</remarks>
    public static IEnumerable<string> Lines(IEnumerable<LibraryHit> hits) =>
        hits.Select(Cells).Prepend(_columns).Select(cells => string.Join(',', cells) + '\n');

    static string[] Cells(LibraryHit hit) =>
    [
        Number(hit.Rank == 0 ? null : hit.Rank), Text(hit.Path), Number(hit.StartSeconds), Number(hit.EndSeconds), Number(hit.Score),
        Number(hit.Percentile), Number(hit.SoundRank), Number(hit.WordRank), Number(hit.MeaningRank),
        Text(string.Join(' ', hit.MatchedWords)), Number(hit.Details.DurationSeconds), Number(hit.Details.SampleRateHz),
        Number(hit.Details.Channels), hit.Details.AddedUtc?.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "",
        Text(hit.Details.Title), Text(hit.Details.Description), Text(hit.Details.Category), Text(hit.Details.CatId),
        Text(string.Join(", ", hit.Details.Tags)), Text(hit.Details.Library), Text(hit.Details.Other),
    ];

    static string Number(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";

    static string Number(double value) => double.IsFinite(value) ? value.ToString("0.######", CultureInfo.InvariantCulture) : "";

    static string Text(string? text)
    {
        if (string.IsNullOrEmpty(text)) return "";
        if (text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n') text = "'" + text;
        return text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
