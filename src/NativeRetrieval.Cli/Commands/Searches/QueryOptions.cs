using System.CommandLine;
using System.Globalization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Evaluation.Data;

namespace NativeRetrieval.Cli.Commands.Searches;

/// <summary>Parts of a question beside its sentences: examples, what is not wanted, and weights.</summary>
internal sealed class QueryOptions
{
    readonly Option<string[]> _like = new("--like")
    {
        Description = "A sound file as an example, by its first window or by the one at a time: a.wav, a.wav@12.5 or a.wav@2m. "
            + "May be repeated.",
        HelpName = "FILE[@TIME]",
    };
    readonly Option<string[]> _without = new("--not")
    {
        Description = "Leave out files whose text has all these words, and stretches that sound more like them than like the question. "
            + "May be repeated.",
        HelpName = "WORDS",
    };
    readonly Option<double> _weight = new("--weight")
    {
        Description = "Weight of the words in names and tags beside the sound, which has 1; 0: sound alone.",
        HelpName = "W",
        DefaultValueFactory = _ => 1,
    };

    readonly Option<FileInfo?> _bank = new("--query-bank")
    {
        Description = "Take down sounds that are near to almost any sentence, by these: some hundreds of captions or questions (a caption "
            + "file, a CSV with a column caption, or a .txt with one on each line). Scores stay as they are. The sentences' vectors are "
            + "kept in nativeretrieval/query-banks in the user's cache folder.",
        HelpName = "FILE",
    };

    public QueryOptions() => _weight.RequireRange(0, 1_000, "0 to 1,000");

    public IReadOnlyList<Option> All => [_like, _without, _weight, _bank];

    public string[] Without(ParseResult parsed) => parsed.GetValue(_without) ?? [];

    public double WordWeight(ParseResult parsed) => parsed.GetValue(_weight);

    /// <summary>Sentences of the bank; null: none is given.</summary>
    /// <exception cref="OptionException">There are too few.</exception>
    public IReadOnlyList<string>? Bank(ParseResult parsed) =>
        parsed.GetValue(_bank) is { } file ? QueryBankFile.Read(file.FullName) : null;

    public string[] Like(ParseResult parsed) => parsed.GetValue(_like) ?? [];

    /// <summary>A sentence, and its weight where it ends in one: <c>rain^0.5</c>.</summary>
    public static QueryPart SentenceOf(string text)
    {
        var (sentence, weight) = Weighted(text);
        return QueryPart.Sentence(sentence, weight);
    }

    /// <summary>The window of a sound file that a text such as <c>a.wav@12.5^0.5</c> means.</summary>
    /// <exception cref="AudioDecodeException">The file cannot be decoded.</exception>
    /// <exception cref="OptionException">It has no such time.</exception>
    public static QueryPart ExampleOf(string text, OpenedIndex opened, CancellationToken cancellation)
    {
        var (place, weight) = Weighted(text);
        int at = place.LastIndexOf('@');
        double? seconds = null;
        if (at > 0 && !File.Exists(place) && Duration.Of(place[(at + 1)..]) is { } time) (place, seconds) = (place[..at], time);
        return Example(Path.GetFullPath(place), seconds, weight, opened, cancellation);
    }

    /// <summary>The window of a sound file that holds a time; null: its first.</summary>
    public static QueryPart Example(string path, double? seconds, double weight, OpenedIndex opened, CancellationToken cancellation)
    {
        var settings = opened.Index.Settings;
        var windows = opened.Engine.EmbedFile(path, settings.WindowSeconds, settings.HopSeconds, cancellation);
        if (seconds is not { } time) return QueryPart.Vector(windows[0].Vector, weight, path);
        if (time >= windows[^1].EndSeconds)
            throw new OptionException(string.Create(CultureInfo.InvariantCulture,
                $"{path} has no second {time}: it is {windows[^1].EndSeconds:0.###} s long"));
        // Of the overlapping windows the one whose middle is nearest.
        var window = windows.Where(window => window.StartSeconds <= time && time < window.EndSeconds)
            .MinBy(window => Math.Abs((window.StartSeconds + window.EndSeconds) / 2 - time))!;
        return QueryPart.Vector(window.Vector, weight, string.Create(CultureInfo.InvariantCulture, $"{path}@{time}"));
    }

    /// <summary>The error of a sentence that was typed without quotes; null: there is none.</summary>
    public static string? WithoutQuotes(IReadOnlyList<string> sentences)
    {
        if (sentences.Any(sentence => sentence.Any(char.IsWhiteSpace) || sentence != Weighted(sentence).Text)) return null;
        // A word behind an unknown option may be its value.
        string[] words = [.. sentences.TakeWhile(sentence => !UnknownOptions.IsLike(sentence))];
        return words.Length < 2 ? null : $"words that belong together need quotes: \"{string.Join(' ', words)}\"; "
            + $"several sentences of one word each need weights: {string.Join(' ', words.Select(word => $"{word}^1"))}";
    }

    static (string Text, double Weight) Weighted(string text)
    {
        int mark = text.LastIndexOf('^');
        return mark > 0 && Number(text[(mark + 1)..]) is { } weight ? (text[..mark].TrimEnd(), weight) : (text, 1);
    }

    static double? Number(string text) => double.TryParse(text, NumberStyles.Float & ~NumberStyles.AllowLeadingWhite
        & ~NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : null;
}
