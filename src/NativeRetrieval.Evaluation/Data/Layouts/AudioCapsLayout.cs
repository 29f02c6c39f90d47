using System.Globalization;
using NativeRetrieval.Evaluation.Data.Tables;

namespace NativeRetrieval.Evaluation.Data.Layouts;

/// <summary>
/// AudioCaps' own rows, <c>audiocap_id,youtube_id,start_time,caption</c>: ten seconds of a video, a row for each caption. The file is
/// named after the video, plain or behind a <c>Y</c>, alone or with its start or its start and end, in seconds (<c>30</c> or
/// <c>30.000</c>) or milliseconds, joined by <c>_</c>; or after the caption's number.
/// </summary>
internal sealed class AudioCapsLayout(Table table) : ClipLayout(table)
{
    /// <summary>Column of the video's id.</summary>
    public const string VideoKey = "youtubeid";

    const string CaptionIdKey = "audiocapid", StartKey = "starttime";
    const decimal ClipSeconds = 10, LatestStart = 1_000_000;

    /// <inheritdoc/>
    public override ClipRow Read(TableRow row)
    {
        string video = row[VideoKey]?.Text.Trim() ?? "";
        if (video.Length == 0) throw Fault(row, "'youtube_id' is empty");
        string id = row[CaptionIdKey]?.Text.Trim() ?? "", start = row[StartKey]?.Text.Trim() ?? "";
        var stems = new List<string> { video, "Y" + video };
        string name = video;
        if (start.Length > 0)
        {
            if (!decimal.TryParse(start, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal seconds)
                || seconds is < 0 or > LatestStart)
                throw Fault(row, $"start_time '{start}' is not a number of seconds");
            name = $"{video}_{Number(seconds, "0.###")}";
            foreach (string prefix in (string[])[video, "Y" + video])
                foreach (var (scale, format) in (ReadOnlySpan<(int, string)>)[(1, "0.###"), (1, "0.000"), (1000, "0")])
                {
                    string from = $"{prefix}_{Number(scale * seconds, format)}";
                    stems.AddRange([from, $"{from}_{Number(scale * (seconds + ClipSeconds), format)}"]);
                }
        }
        if (id.Length > 0) stems.Add(id);
        return new ClipRow(row.Line, name, name, Captions(row), new SoundNames([], [.. stems.Distinct()]), id.Length > 0 ? id : null);
    }

    static string Number(decimal value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
