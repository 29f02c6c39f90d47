using System.Text;

namespace NativeRetrieval.Cli.Output;

/// <summary>
/// Where a command's results and messages go: results to <see cref="Out"/>, everything else to <see cref="Error"/>.
/// </summary>
/// <param name="output">stdout: data, for people or programs.</param>
/// <param name="error">stderr: messages, progress, errors.</param>
/// <param name="isInteractive">Whether stderr is a screen, on which a line can be written over.</param>
/// <param name="hasColor">Whether stderr understands colours and NO_COLOR is not set.</param>
/// <param name="width">Characters per line of help and tables.</param>
public sealed class Terminal(TextWriter output, TextWriter error, TimeProvider time, bool isInteractive = false, bool hasColor = false, int width = Terminal.DefaultWidth)
{
    public const int DefaultWidth = 100;

    const string Red = "\e[31m", Reset = "\e[0m";

    public TextWriter Out => output;

    public TextWriter Error => error;

    public TimeProvider Time => time;

    public bool IsInteractive => isInteractive;

    public int Width => width;

    /// <summary>Set by <c>--quiet</c>: no messages and no progress.</summary>
    public bool Quiet { get; set; }

    public static Terminal OfProcess()
    {
        bool interactive = !Console.IsErrorRedirected;
        bool color = interactive && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") != "dumb";
        // Data is UTF-8 whatever the locale says, without a byte-order mark.
        var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = !Console.IsOutputRedirected };
        return new Terminal(output, Console.Error, TimeProvider.System, interactive, color, interactive ? Math.Clamp(Console.WindowWidth, 60, 120) : DefaultWidth);
    }

    /// <summary>Lets out what a failing command has printed so far, if stdout still takes it: the failure is what matters.</summary>
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

    /// <summary>Something the user may want to know; left out with <c>--quiet</c>.</summary>
    public void Message(string text)
    {
        if (!Quiet) error.WriteLine(PlainText.Of(text, lines: true));
    }

    /// <summary>Something was done, but not as wished. Shown even with <c>--quiet</c>.</summary>
    public void Warning(string text) => error.WriteLine($"warning: {PlainText.Of(text, lines: true)}");

    /// <summary>Why the command failed.</summary>
    public void Failure(string text) =>
        error.WriteLine($"{(hasColor ? $"{Red}error:{Reset}" : "error:")} {PlainText.Of(text, lines: true)}");

    /// <summary>A line of a result for people.</summary>
    public void Line(string text) => output.WriteLine(PlainText.Of(text));

    /// <summary>An item of a list below a warning. Shown even with <c>--quiet</c>.</summary>
    public void Item(string text) => error.WriteLine($"  {PlainText.Of(text)}");
}
