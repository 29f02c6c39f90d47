using System.Text;

namespace NativeRetrieval.Cli.Output;

/// <summary>
/// The streams that a command writes to: results to <see cref="Out"/>, everything else to <see cref="Error"/>.
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

    const string Red = "\e[31m", Reset = "\e[0m";

    /// <summary>Standard output: results.</summary>
    public TextWriter Out => output;

    /// <summary>Standard error: messages, progress, errors.</summary>
    public TextWriter Error => error;

    /// <summary>Clock of progress and logs.</summary>
    public TimeProvider Time => time;

    /// <summary>True where stderr is a screen, on which a line can be written over.</summary>
    public bool IsInteractive => isInteractive;

    /// <summary>Characters per line of help and tables.</summary>
    public int Width => width;

    /// <summary>True with <c>--quiet</c>: no messages and no progress.</summary>
    public bool Quiet { get; set; }

    /// <summary>The streams of this process.</summary>
    public static Terminal OfProcess()
    {
        bool interactive = !Console.IsErrorRedirected;
        bool color = interactive && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") != "dumb";
        // Data is UTF-8 whatever the locale says, without a byte-order mark.
        var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = !Console.IsOutputRedirected };
        int width = interactive ? Math.Clamp(Console.WindowWidth, 60, 120) : DefaultWidth;
        return new Terminal(output, Console.Error, TimeProvider.System, interactive, color, width);
    }

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

    /// <summary>Writes something the user may want to know; left out with <c>--quiet</c>.</summary>
    public void Message(string text)
    {
        if (!Quiet) error.WriteLine(PlainText.Of(text, lines: true));
    }

    /// <summary>Writes that something was done, but not as wished. Shown even with <c>--quiet</c>.</summary>
    public void Warning(string text) => error.WriteLine($"warning: {PlainText.Of(text, lines: true)}");

    /// <summary>Writes the reason why the command failed.</summary>
    public void Failure(string text) =>
        error.WriteLine($"{(hasColor ? $"{Red}error:{Reset}" : "error:")} {PlainText.Of(text, lines: true)}");

    /// <summary>Writes a line of a result for people.</summary>
    public void Line(string text) => output.WriteLine(PlainText.Of(text));

    /// <summary>Writes an item of a list below a warning. Shown even with <c>--quiet</c>.</summary>
    public void Item(string text) => error.WriteLine($"  {PlainText.Of(text)}");
}
