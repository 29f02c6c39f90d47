using System.Globalization;

namespace NativeRetrieval.Cli.Output;

/// <summary>
/// The progress of a long command and the time that is left, on stderr: one line that is written over on a screen, a line now and
/// then in a log, nothing with <c>--quiet</c>.
/// </summary>
/// <param name="label">Work that is done, e.g. <c>indexing</c>.</param>
/// <param name="total">Steps in all; 0 if unknown.</param>
/// <param name="unit">Name of the steps, e.g. <c>files</c>.</param>
public sealed class Progress(Terminal terminal, string label, long total, string unit) : IDisposable
{
    static readonly TimeSpan _onScreen = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan _inLog = TimeSpan.FromSeconds(10);

    readonly long _start = terminal.Time.GetTimestamp();
    readonly Lock _gate = new();
    long? _shownAt;
    long _done, _shown = -1;
    int _width;

    /// <summary>Says that <paramref name="done"/> steps are done. Cheap enough for every step, from any thread.</summary>
    public void Report(long done)
    {
        lock (_gate)
        {
            _done = Math.Max(_done, done);
            long now = terminal.Time.GetTimestamp();
            var wait = terminal.IsInteractive ? _onScreen : _inLog;
            if (terminal.Time.GetElapsedTime(_shownAt ?? _start, now) < wait) return;
            _shownAt = now;
            Show(now);
        }
    }

    /// <summary>Shows where it ended.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_shown != _done) Show(terminal.Time.GetTimestamp());
            if (terminal.IsInteractive && !terminal.Quiet) terminal.Error.WriteLine();
        }
    }

    void Show(long now)
    {
        if (terminal.Quiet) return;
        _shown = _done;
        string text = Text(terminal.Time.GetElapsedTime(_start, now));
        if (!terminal.IsInteractive)
        {
            terminal.Error.WriteLine(text);
            return;
        }
        if (text.Length >= terminal.Width) text = text[..(terminal.Width - 1)];
        terminal.Error.Write($"\r{text.PadRight(_width)}");
        _width = text.Length;
    }

    string Text(TimeSpan elapsed)
    {
        string count = string.Create(CultureInfo.InvariantCulture, $"{label}: {_done:N0}{(total > 0 ? $" of {total:N0}" : "")} {unit}");
        if (total <= 0 || _done <= 0) return count;
        if (_done >= total) return $"{count}, {Duration(elapsed)}";
        string share = string.Create(CultureInfo.InvariantCulture, $"{100 * _done / total} %");
        return $"{count} ({share}), {Duration(elapsed * ((double)(total - _done) / _done))} left";
    }

    internal static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalSeconds):0} s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds:00} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours} h {time.Minutes:00} min"),
    };
}
