using System.Globalization;

namespace NativeRetrieval.Cli.Output;

/// <summary>
/// The progress of a long command with its rate and the time that is left, on stderr: a bar that is written over on a screen and
/// leaves one line behind, a line now and then in a log, nothing with <c>--quiet</c>.
/// </summary>
/// <param name="label">Work that is done, e.g. <c>indexing</c>.</param>
/// <param name="total">Steps in all; 0 if unknown.</param>
/// <param name="unit">Name of the steps, e.g. <c>files</c>.</param>
/// <param name="leavesLine">False where the command itself says how it ended: then nothing is left behind.</param>
public sealed class Progress(Terminal terminal, string label, long total, string unit, bool leavesLine = true) : IDisposable
{
    const int WidestBar = 30, NarrowestBar = 6;

    /// <summary>Characters of share, rate and time left, such as <c> (10 %), 318 files/s, 59 min 59 s left</c>.</summary>
    const int RoomForRates = 38;

    static readonly TimeSpan _onScreen = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan _inLog = TimeSpan.FromSeconds(10);

    readonly long _start = terminal.Time.GetTimestamp();
    readonly Lock _gate = new();
    long? _shownAt;
    long _done, _shown = -1;
    string _beside = "";

    /// <summary>Says that <paramref name="done"/> steps are done. Cheap enough for every step, from any thread.</summary>
    /// <param name="beside">Another amount that is shown behind the steps, e.g. <c>2.5 h of sound</c>; empty: none.</param>
    public void Report(long done, string beside = "")
    {
        lock (_gate)
        {
            _beside = beside;
            _done = Math.Max(_done, done);
            long now = terminal.Time.GetTimestamp();
            var wait = terminal.IsInteractive ? _onScreen : _inLog;
            if (terminal.Quiet || terminal.Time.GetElapsedTime(_shownAt ?? _start, now) < wait) return;
            _shownAt = now;
            _shown = _done;
            var elapsed = terminal.Time.GetElapsedTime(_start, now);
            if (terminal.IsInteractive) ShowBar(elapsed);
            else terminal.Message($"{label}: {Text(elapsed, rate: "")}");
        }
    }

    /// <summary>Shows where it ended.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (terminal.IsInteractive) terminal.EndStatus();
            if (!leavesLine) return;
            var elapsed = terminal.Time.GetElapsedTime(_start);
            if (terminal.IsInteractive) terminal.Message($"{label}: {Count(_done)}, {Duration(elapsed)}{Rate(elapsed)}");
            else if (_shown != _done) terminal.Message($"{label}: {Text(elapsed, rate: "")}");
        }
    }

    void ShowBar(TimeSpan elapsed)
    {
        int columns = terminal.Columns() - 1; // a character in the last column would move some screens on to the next line
        string text = Text(elapsed, Rate(elapsed));
        int bar = Math.Min(WidestBar, columns - label.Length - " [] ".Length - Count(total).Length - RoomForRates);
        if (total <= 0 || bar < NarrowestBar)
        {
            string line = $"{label}: {text}";
            terminal.ShowStatus(line[..Math.Clamp(columns, 0, line.Length)], "", "");
            return;
        }
        int full = (int)(bar * Math.Min(_done, total) / total);
        string done = full == bar ? new string('=', bar) : new string('=', full) + '>';
        string rest = $"{new string(' ', bar - done.Length)}] {text}";
        terminal.ShowStatus($"{label} [", done, rest[..Math.Clamp(columns - label.Length - 2 - done.Length, 0, rest.Length)]);
    }

    string Text(TimeSpan elapsed, string rate)
    {
        if (total <= 0 || _done <= 0) return Count(_done) + rate;
        if (_done >= total) return $"{Count(_done)}{rate}, {Duration(elapsed)}";
        string share = string.Create(CultureInfo.InvariantCulture, $" ({100 * _done / total} %)");
        return $"{Count(_done)}{share}{rate}, {Duration(elapsed * ((double)(total - _done) / _done))} left";
    }

    string Count(long done)
    {
        string beside = _beside.Length > 0 ? $", {_beside}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{done:N0}{(total > 0 ? $" of {total:N0}" : "")} {unit}{beside}");
    }

    string Rate(TimeSpan elapsed)
    {
        double rate = _done / elapsed.TotalSeconds;
        if (_done == 0 || !double.IsFinite(rate)) return "";
        string digits = rate switch { >= 100 => "N0", >= 1 => "N1", _ => "0.##" };
        return string.Create(CultureInfo.InvariantCulture, $", {rate.ToString(digits, CultureInfo.InvariantCulture)} {unit}/s");
    }

    internal static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalSeconds):0} s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds:00} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours} h {time.Minutes:00} min"),
    };
}
