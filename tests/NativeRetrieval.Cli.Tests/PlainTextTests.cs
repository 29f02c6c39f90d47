using System.Text.Json;
using NativeRetrieval.Cli.Commands.Searches;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

/// <summary>Names of files that hold what a terminal would act on.</summary>
public sealed class PlainTextTests
{
    [Theory]
    [InlineData("café 犬 🐕.wav", "café 犬 🐕.wav")]
    [InlineData("\e[31mred\a.wav", @"\x1b[31mred\x07.wav")]
    [InlineData("a\nb\tc\r.wav", @"a\x0ab\x09c\x0d.wav")]
    [InlineData("\u009b2J\u007f", @"\x9b2J\x7f")]
    [InlineData("\u202evaw.exe\u2066\u200f", @"\u202evaw.exe\u2066\u200f")]
    [InlineData("line\u2028end", @"line\u2028end")]
    [InlineData("a\u200b\ufeff\u00ad.wav", @"a\u200b\ufeff\u00ad.wav")]
    [InlineData("\U000E0041👩‍🚒", @"\udb40\udc41👩‍🚒")]
    public void What_steers_a_terminal_is_shown_as_an_escape(string text, string shown) => Assert.Equal(shown, PlainText.Of(text));

    [Fact]
    public void An_unpaired_surrogate_is_shown_as_an_escape() => Assert.Equal(@"\ud83d.wav\udc15", PlainText.Of("\ud83d.wav\udc15"));

    [Fact]
    public void A_long_name_is_cut_behind_its_first_120_characters() =>
        Assert.Equal(new string('n', 119) + @"\x0a…", PlainText.Short(new string('n', 119) + "\nmore"));

    [Fact]
    public void A_JSON_document_reads_as_before_and_shows_nothing_that_steers()
    {
        string document = PlainText.OfJson("{\n\"a\": \"\u009b1m\u202e\U000E0041 犬 🐕\u200D\"\n}");
        Assert.Equal("{\n\"a\": \"\\u009b1m\\u202e\\udb40\\udc41 犬 🐕\u200D\"\n}", document);
        Assert.Equal("\u009b1m\u202e\U000E0041 犬 🐕\u200D", JsonDocument.Parse(document).RootElement.GetProperty("a").GetString());
    }

    /// <summary>Every way to print, with a text that forges a line, colours and rings in it.</summary>
    [Fact]
    public void Whatever_is_printed_is_one_line_that_steers_nothing()
    {
        const string Evil = "a\nerror: forged\r\e[2J\a\u009b1m\u202e\u200b\U000E0041", Shown = @"a\x0aerror: forged\x0d\x1b[2J\x07\x9b1m"
            + @"\u202e\u200b\udb40\udc41";
        StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        var terminal = new Terminal(output, error, TimeProvider.System, isInteractive: true);
        terminal.Message(Evil);
        terminal.Warning(Evil);
        terminal.Failure(Evil, "one\ntwo\e");
        terminal.Item(Evil);
        terminal.Hint(Evil);
        terminal.ShowStatus(Evil, Evil, Evil);
        terminal.EndStatus();
        terminal.ShowInput(Evil, 3);
        Assert.Equal($"{Shown}\nwarning: {Shown}\nerror: {Shown}\n  one\n  two\\x1b\n  {Shown}\n{Shown}\n"
            + $"\r\e[K{Shown}{Shown}{Shown}\r\e[K\r{Shown}\e[K\r\e[3C", error.ToString());
        terminal.Line(Evil);
        terminal.Lines("one\ntwo\e\n");
        new Table("name").Add(Evil).Write(terminal);
        terminal.WriteJson(json => json.WriteString("name", Evil));
        Assert.Equal($"{Shown}\none\ntwo\\x1b\nname\n{Shown}\n{{\n  \"schema_version\": 1,\n  \"name\": \"a\\nerror: forged\\r\\u001B[2J"
            + "\\u0007\\u009B1m\\u202e\\u200b\\uDB40\\uDC41\"\n}\n", output.ToString(), ignoreCase: true);
    }

    [Fact]
    public async Task An_error_that_names_a_file_is_one_line_and_a_wrong_word_on_the_command_line_is()
    {
        var run = await CommandLine.Run("index", "stats", "gone\n\e[31m.nrx");
        Assert.Contains(@"gone\x0a\x1b[31m.nrx", run.Error);
        Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
        var usage = await CommandLine.Run("completion", "a\nb\e[2J");
        Assert.Equal(2, usage.Error.TrimEnd('\n').Split('\n').Length);
        Assert.StartsWith(@"error: Argument 'a\x0ab\x1b[2J' not recognized. Must be one of: 'bash' 'zsh' 'fish'", usage.Error);
    }

    [Fact]
    public void Hits_are_whole_paths_in_JSON_and_in_the_table_where_the_short_one_leads_nowhere()
    {
        using var folder = new TemporaryFolder();
        string absent = folder["\e[1mgone.wav"];
        SearchHit[] hits = [new(1, absent, 0, 1, 0.5f, 1),
            new(2, Path.Combine(Environment.CurrentDirectory, "nothing.wav"), 0, 1, 0.25f, 2)];
        Assert.Contains($"{folder.FullPath}/\\x1b[1mgone.wav\n", Written(hits, json: false));
        Assert.Contains($"{Environment.CurrentDirectory}/nothing.wav\n", Written(hits, json: false));
        Assert.Contains($"\"path\": \"{folder.FullPath}/\\u001B[1mgone.wav\"", Written(hits, json: true));
    }

    [Fact]
    public void In_the_table_a_hit_below_the_current_folder_is_given_from_there()
    {
        string here = Directory.EnumerateFiles(Environment.CurrentDirectory).First();
        string table = Written([new(1, Path.GetFullPath(here), 0, 1, 0.5f, 1)], json: false);
        Assert.EndsWith($"  {Path.GetFileName(here)}\n", table);
        Assert.DoesNotContain(Environment.CurrentDirectory, table);
    }

    static string Written(SearchHit[] hits, bool json)
    {
        var output = new StringWriter { NewLine = "\n" };
        HitList.Write(new Terminal(output, TextWriter.Null, TimeProvider.System), json, "query", "rain",
            new LibraryHits([.. hits.Select(hit =>
            new LibraryHit
        {
            Rank = hit.Rank, Path = hit.Path, StartSeconds = hit.StartSeconds, EndSeconds = hit.EndSeconds, Score = hit.Score,
                RowId = hit.RowId,
            Details = new SoundDetails { DurationSeconds = hit.EndSeconds },
        })], hits.Length));
        return output.ToString();
    }
}
