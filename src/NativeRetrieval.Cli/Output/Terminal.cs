using System.Text;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Cli.Output;

/// <summary>
/// The streams of a command: results go to standard output, everything else to standard error. Whatever is written passes
/// <see cref="PlainText"/>: a call is a line, or the lines it is given, and nothing in it steers the screen.
/// </summary>
/// <param name="output">Standard output: data, for people or programs.</param>
/// <param name="error">Standard error: messages, progress, errors.</param>
/// <param name="isInteractive">True where stderr is a screen, on which a line can be written over.</param>
/// <param name="hasColor">True where stderr understands colours and NO_COLOR is not set.</param>
/// <param name="width">Characters per line of help and tables.</param>
public sealed class Terminal(TextWriter output, TextWriter error, TimeProvider time, bool isInteractive = false, bool hasColor = false,
    int width = Terminal.DefaultWidth)
{
    /// <summary>Characters per line where no screen says how many fit.</summary>
    public const int DefaultWidth = 100;

    const string Red = "\e[31m", Yellow = "\e[33m", Green = "\e[32m", Reset = "\e[0m";
    const string EraseLine = "\r\e[K";

    readonly Lock _screen = new();
    string _status = "";

    /// <summary>Clock of progress and logs.</summary>
    public TimeProvider Time => time;

    /// <summary>True where stderr is a screen, on which a line can be written over.</summary>
    public bool IsInteractive => isInteractive;

    /// <summary>Characters per line of help and tables.</summary>
    public int Width => width;

    /// <summary>The reader of the next line of standard input, without the line's end; null at the end of the input.</summary>
    public Func<string?> ReadLine { get; init; } = () => null;

    /// <summary>The reader of the next key, which does not show it; null where standard input is no keyboard.</summary>
    public Func<ConsoleKeyInfo>? ReadKey { get; init; }

    /// <summary>The variables of the environment; null where one is not set.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>The number of characters that a line of the screen holds at this moment.</summary>
    public Func<int> Columns { get; init; } = () => width;

    /// <summary>True with <c>--quiet</c>: no messages and no progress.</summary>
    public bool Quiet { get; set; }

    /// <summary>
    /// The time that the command has for a clean stop. By default a signal ends every run within a second; a service takes longer.
    /// </summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(0.7);

    /// <summary>True with <c>--json</c>: a failure is a JSON document, too, and nothing is coloured.</summary>
    public bool Json { get; set; }

    /// <summary>The streams of this process.</summary>
    public static Terminal OfProcess()
    {
        string? kind = Environment.GetEnvironmentVariable("TERM");
        bool interactive = !Console.IsErrorRedirected && kind != "dumb";
        bool color = interactive && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        // Data is UTF-8 whatever the locale says, without a byte-order mark.
        var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = !Console.IsOutputRedirected };
        int width = interactive ? Math.Clamp(Console.WindowWidth, 60, 120) : DefaultWidth;
        var input = new Lazy<TextReader>(() => Console.IsInputRedirected ? new StreamReader(Console.OpenStandardInput()) : Console.In);
        return new Terminal(output, Console.Error, TimeProvider.System, interactive, color, width)
        {
            ReadLine = () => input.Value.ReadLine(),
            ReadKey = Console.IsInputRedirected ? null : () => Console.ReadKey(intercept: true),
            Columns = interactive ? () => Console.WindowWidth : () => width,
        };
    }

    /// <summary>Hands the results so far to whoever reads standard output.</summary>
    public void Flush() => output.Flush();

    /// <summary>Writes out the results that a failing command has printed so far, if stdout still takes them.</summary>
    internal void FlushQuietly()
    {
        try
        {
            output.Flush();
        }
        catch (IOException)
        {
        }
    }

    /// <summary>True where somebody can be asked: a screen, a keyboard, and no program that waits for JSON.</summary>
    public bool CanAsk => isInteractive && ReadKey is not null && !Json;

    /// <summary>Asks a question, also with <c>--quiet</c>, and reads the answer.</summary>
    /// <returns>The line that was typed; null at the end of the input.</returns>
    public string? Ask(string question)
    {
        WriteLine(PlainText.Of(question));
        return ReadLine();
    }

    /// <summary>Writes a line of a result for people.</summary>
    public void Line(string text) => output.WriteLine(PlainText.Of(text));

    /// <summary>Writes the lines of a text of the program's own, such as help or a script.</summary>
    internal void Lines(string text)
    {
        foreach (string line in LinesOf(text)) Line(line);
    }

    /// <summary>Writes a JSON document, which may have several lines.</summary>
    internal void Document(string json) => output.WriteLine(PlainText.OfJson(json));

    /// <summary>Writes something the user may want to know; left out with <c>--quiet</c>.</summary>
    public void Message(string text)
    {
        if (!Quiet) WriteLine(PlainText.Of(text));
    }

    /// <summary>Writes that something was done, but not as wished. Shown even with <c>--quiet</c>.</summary>
    public void Warning(string text) => WriteLine($"{Colored(Yellow, "warning:")} {PlainText.Of(text)}");

    /// <summary>Writes the reason why the command failed.</summary>
    /// <param name="details">Lines of a compiler or of a call stack that belong to it, written below it.</param>
    public void Failure(string text, string? details = null)
    {
        WriteLine($"{Colored(Red, "error:")} {PlainText.Of(text)}");
        foreach (string line in LinesOf(details ?? "")) Item(line);
    }

    /// <summary>Writes an item of a list below a warning. Shown even with <c>--quiet</c>.</summary>
    public void Item(string text) => WriteLine($"  {PlainText.Of(text)}");

    /// <summary>Writes the way out below a failure. Shown even with <c>--quiet</c>.</summary>
    internal void Hint(string text) => WriteLine(PlainText.Of(text));

    /// <summary>Shows text on the line of the screen that is written over, in place of what it showed before.</summary>
    /// <param name="label">Name of the work.</param>
    /// <param name="done">Part of a bar that stands for what is done; it is coloured.</param>
    /// <param name="text">Rest of the line.</param>
    internal void ShowStatus(string label, string done, string text)
    {
        lock (_screen)
        {
            _status = PlainText.Of(label) + (done.Length > 0 ? Colored(Green, PlainText.Of(done)) : "") + PlainText.Of(text);
            error.Write(EraseLine + _status);
        }
    }

    /// <summary>Shows a line that is being typed, and puts the cursor into it.</summary>
    /// <param name="column">Place of the cursor, from the screen's left edge on.</param>
    internal void ShowInput(string text, int column)
    {
        lock (_screen) error.Write($"\r{PlainText.Of(text)}\e[K\r{(column > 0 ? $"\e[{column}C" : "")}");
    }

    /// <summary>Takes the line that is written over from the screen; the next one begins in its place.</summary>
    internal void EndStatus()
    {
        lock (_screen)
        {
            if (_status.Length > 0) error.Write(EraseLine);
            _status = "";
        }
    }

    static string[] LinesOf(string text)
    {
        string[] lines = text.ReplaceLineEndings("\n").Split('\n');
        return lines[^1].Length == 0 ? lines[..^1] : lines;
    }

    void WriteLine(string text)
    {
        lock (_screen)
        {
            if (_status.Length > 0) error.Write(EraseLine);
            error.WriteLine(text);
            error.Write(_status);
        }
    }

    string Colored(string color, string text) => hasColor && !Json ? color + text + Reset : text;
}
