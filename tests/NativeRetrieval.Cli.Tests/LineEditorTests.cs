using NativeRetrieval.Cli.Output;

namespace NativeRetrieval.Cli.Tests;

public class LineEditorTests
{
    /// <summary>Keys that are no characters: ←→ move, ↑↓ recall, ⇤⇥ go to the ends, ⌫⌦ delete, and ^A is Ctrl-A.</summary>
    static IEnumerable<ConsoleKeyInfo> Keys(string typed)
    {
        for (int i = 0; i < typed.Length; i++)
            yield return typed[i] switch
            {
                '←' => Key(ConsoleKey.LeftArrow),
                '→' => Key(ConsoleKey.RightArrow),
                '↑' => Key(ConsoleKey.UpArrow),
                '↓' => Key(ConsoleKey.DownArrow),
                '⇤' => Key(ConsoleKey.Home),
                '⇥' => Key(ConsoleKey.End),
                '⌫' => Key(ConsoleKey.Backspace),
                '⌦' => Key(ConsoleKey.Delete),
                '^' => new((char)(typed[++i] - '@'), ConsoleKey.A + (typed[i] - 'A'), shift: false, alt: false, control: true),
                '\r' => new('\r', ConsoleKey.Enter, shift: false, alt: false, control: false),
                _ => new(typed[i], ConsoleKey.None, shift: false, alt: false, control: false),
            };

        static ConsoleKeyInfo Key(ConsoleKey key) => new('\0', key, shift: false, alt: false, control: false);
    }

    [Theory]
    [InlineData("a dog\r", "a dog")]
    [InlineData("a dg←o\r", "a dog")]
    [InlineData("dog⇤a ⇥s→\r", "a dogs")]
    [InlineData("a dot⌫g⇤⌦the\r", "the dog")]
    [InlineData("⌫⌦←→x\r", "x")]
    [InlineData("two words^Wthree\r", "two three")]
    [InlineData("gone^Ustays\r", "stays")]
    [InlineData("stays gone←←←←^K\r", "stays ")]
    [InlineData("b^Aa^Ec^B^Bx^F^Dd\r", "axbd")]
    [InlineData("犬🐕é←⌫\r", "犬é")]
    [InlineData("a\tb\e\a^C\r", "a b")]
    [InlineData("\r", "")]
    [InlineData("^D", null)]
    [InlineData("x⌫^D", null)]
    public void KeysEditTheLine(string typed, string? line)
    {
        var keys = new Queue<ConsoleKeyInfo>(Keys(typed));
        Assert.Equal(line, new LineEditor(Screen(new StringWriter()), keys.Dequeue, "> ").Read());
        Assert.Empty(keys);
    }

    [Fact]
    public void ArrowsRecallTheLinesBeforeAndKeepWhatWasTyped()
    {
        var keys = new Queue<ConsoleKeyInfo>(Keys("one\rtwo\rtwo\r\r" + "new↑↑↑ more↓↓\r" + "↑↑↑\r" + "↑↑^P^N\r"));
        var editor = new LineEditor(Screen(new StringWriter()), keys.Dequeue, "> ");
        string[] lines = [.. Enumerable.Range(0, 7).Select(_ => editor.Read()!)];
        Assert.Equal(["one", "two", "two", "", "new", "one", "new"], lines);
        Assert.Empty(keys);
    }

    [Theory]
    [InlineData("a dog", 40, "> a dog", 7)]
    [InlineData("a 犬🐕", 40, "> a 犬🐕", 8)]
    [InlineData("0123456789", 9, "> 456789", 8)] // eight columns: two for the prompt
    [InlineData("0123456789⇤", 9, "> 012345", 2)]
    [InlineData("01234567犬犬", 9, "> 67犬犬", 8)]
    [InlineData("a\u202eb", 40, "> a\\u202eb", 10)]
    public void TheScreenShowsTheLineAroundTheCursor(string typed, int columns, string shown, int column)
    {
        var (screen, keys) = (new StringWriter { NewLine = "\n" }, new Queue<ConsoleKeyInfo>(Keys(typed + "\r")));
        new LineEditor(Screen(screen, columns), keys.Dequeue, "> ").Read();
        Assert.EndsWith($"\r{shown}\e[K\r\e[{column}C\n", screen.ToString());
    }

    static Terminal Screen(TextWriter error, int columns = 80) =>
        new(TextWriter.Null, error, TimeProvider.System, isInteractive: true) { Columns = () => columns };
}
