using NativeRetrieval.Cli.Commands;
using NativeRetrieval.Cli.Output;
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
    public void What_steers_a_terminal_is_shown_as_an_escape(string text, string shown) => Assert.Equal(shown, PlainText.Of(text));

    [Fact]
    public void An_unpaired_surrogate_is_shown_as_an_escape() => Assert.Equal(@"\ud83d.wav\udc15", PlainText.Of("\ud83d.wav\udc15"));

    [Fact]
    public void Messages_keep_their_lines_and_nothing_else_that_controls()
    {
        var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal(TextWriter.Null, error, TimeProvider.System);
        terminal.Message("one\ntwo\e[2J");
        terminal.Warning("\a");
        terminal.Failure("\b");
        terminal.Item("a\nb");
        Assert.Equal("one\ntwo\\x1b[2J\nwarning: \\x07\nerror: \\x08\n  a\\x0ab\n", error.ToString());
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
        HitList.Write(new Terminal(output, TextWriter.Null, TimeProvider.System), json, "query", "rain", hits);
        return output.ToString();
    }
}
