using System.CommandLine;
using System.Globalization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Cli.Commands.Searches;

/// <summary>The options that say which recordings a search looks at.</summary>
internal sealed class FilterOptions
{
    readonly Option<string[]> _folders = new("--in")
    {
        Description = "Only files below this folder: a path, or a folder's name such as Animals. May be repeated: below one of them.",
        HelpName = "FOLDER",
    };
    readonly Option<string[]> _names = new("--name", "--path")
    {
        Description = "Only files whose name matches this pattern, in any case, e.g. '*door*'; with a slash, the end of the path, e.g. "
            + "'field/**'. May be repeated: one of them.",
        HelpName = "GLOB",
    };
    readonly Option<string?> _length = new("--length")
    {
        Description = "Only files of this length: 1s..10s, ..500ms or 2m.. .",
        HelpName = "FROM..TO",
    };
    readonly Option<int[]> _rates = new("--rate")
    {
        Description = "Only files of this sample rate, e.g. 48000. May be repeated: one of them.",
        HelpName = "HZ",
    };
    readonly Option<int[]> _channels = new("--channels")
    {
        Description = "Only files of so many channels. May be repeated: one of them.",
        HelpName = "N",
    };
    readonly Option<string[]> _categories = new("--category")
    {
        Description = "Only files of this category or CatID, e.g. DOORS or DOORWood. May be repeated: one of them.",
        HelpName = "NAME",
    };
    readonly Option<string[]> _tags = new("--tag")
    {
        Description = "Only files with this keyword. May be repeated: one of them.",
        HelpName = "WORD",
    };
    readonly Option<string?> _added = new("--added")
    {
        Description = "Only files that came into the index after this day (2026-01-31, UTC), or in the last days (7d).",
        HelpName = "DATE",
    };
    readonly Option<float?> _minimum = new("--min-score")
    {
        Description = "Only hits with at least this cosine similarity.",
        HelpName = "S",
    };

    public FilterOptions()
    {
        _minimum.RequireRange(-1, 1, "-1 to 1, because scores are cosine similarities");
        _rates.RequireRange(1, int.MaxValue, "a sample rate in Hz, at least 1");
        _channels.RequireRange(1, int.MaxValue, "a number of channels, at least 1");
    }

    public IReadOnlyList<Option> All => [.. OfFiles, _minimum];

    /// <summary>Those that look at files alone, not at scores.</summary>
    public IReadOnlyList<Option> OfFiles => [_folders, _names, _length, _rates, _channels, _categories, _tags, _added];

    /// <exception cref="OptionException">A length or a date is malformed.</exception>
    public SoundFilter Of(ParseResult parsed, DateTimeOffset now)
    {
        var (least, most) = LengthOf(parsed.GetValue(_length));
        return new SoundFilter
        {
            Folders = [.. (parsed.GetValue(_folders) ?? []).Select(FolderOf)],
            Names = parsed.GetValue(_names) ?? [],
            MinSeconds = least, MaxSeconds = most,
            SampleRatesHz = parsed.GetValue(_rates) ?? [], Channels = parsed.GetValue(_channels) ?? [],
            Categories = parsed.GetValue(_categories) ?? [], Tags = parsed.GetValue(_tags) ?? [],
            AddedAfter = parsed.GetValue(_added) is { } added ? DayOf(added, now)
                ?? throw new OptionException($"--added {added}: expected a day such as 2026-01-31, or the last days such as 7d") : null,
            MinScore = parsed.GetValue(_minimum),
        };
    }

    static (double? Least, double? Most) LengthOf(string? text)
    {
        if (text is null) return (null, null);
        string[] ends = text.Split("..");
        if (ends.Length != 2 || (ends[0].Length == 0 && ends[1].Length == 0)) throw Refused();
        return (End(ends[0]), End(ends[1]));

        double? End(string end)
        {
            if (end.Length == 0) return null;
            return Duration.Of(end) ?? throw Refused();
        }

        OptionException Refused() => new($"--length {text}: expected two lengths with .. between them, of which one may be left out, "
            + "such as 1s..10s, ..500ms or 2m..");
    }

    /// <summary>A folder that is there is meant itself; another word is a name on the way to the file.</summary>
    public static string FolderOf(string text) => Directory.Exists(text) ? Path.GetFullPath(text) : text;

    /// <summary>The start of a day or a time in UTC, or of the last days; null: the text is neither.</summary>
    public static DateTime? DayOf(string text, DateTimeOffset now)
    {
        if (text.EndsWith('d') && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int days) && days < 100_000)
            return now.UtcDateTime.AddDays(-days);
        return DateTime.TryParseExact(text, ["yyyy-MM-dd", "yyyy-MM-ddTHH:mm:ssZ"], CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var day) ? day : null;
    }
}
