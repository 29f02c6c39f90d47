using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Server.Contract;

namespace NativeRetrieval.Server.Jobs;

/// <summary>An event of a run as it travels: its name and a JSON document.</summary>
internal sealed record RunEvent(string Name, string Data)
{
    public static RunEvent Of<T>(string name, T value, JsonTypeInfo<T> type) => new(name, JsonSerializer.Serialize(value, type));
}

/// <summary>
/// An index that is brought up to date, and all that is known of it so far, for any number of those who follow it. Members may be called
/// from several threads.
/// </summary>
/// <param name="index">Name of the index.</param>
internal sealed class IndexingRun(string index) : IProgress<IndexingProgress>
{
    /// <summary>Files that were left out of which each has an event; the end says how many there were.</summary>
    public const int MostReasons = 1_000;

    readonly Lock _gate = new();
    readonly long _start = Stopwatch.GetTimestamp();
    readonly List<string> _reasons = [];
    readonly Dictionary<(FileOutcome Outcome, bool WasKnown), int> _files = [];
    TaskCompletionSource _news = News();
    IndexingProgress _progress = new(0, 0, 0);
    RunEvent? _end;

    public bool HasEnded
    {
        get
        {
            lock (_gate) return _end is not null;
        }
    }

    public void Report(IndexingProgress value) => Change(() => _progress = value);

    /// <summary>Counts a file by what became of it.</summary>
    public void Met(FileReport file) => Change(() =>
    {
        var kind = (file.Outcome, file.WasKnown);
        _files[kind] = _files.GetValueOrDefault(kind) + 1;
        if (IsRefused(file.Outcome) && _reasons.Count < MostReasons) _reasons.Add(PlainText.Of(file.Message ?? file.Path));
    });

    /// <summary>Ends the run with what it did.</summary>
    /// <param name="name">Name of the event: <c>done</c> or <c>cancelled</c>.</param>
    public void End(string name) => Change(() => _end = RunEvent.Of(name, new IndexingEndEvent(index,
        Files(FileOutcome.Embedded, known: false), Files(FileOutcome.Embedded, known: true), Files(FileOutcome.Moved),
        Files(FileOutcome.Removed), Files(FileOutcome.Unchanged), Files(FileOutcome.Skipped) + Files(FileOutcome.UnreadableKind),
        Math.Round(_progress.AudioSeconds, 3), Elapsed), ContractJson.Default.IndexingEndEvent));

    /// <summary>Ends the run with a problem.</summary>
    public void Fail(Problem problem) =>
        Change(() => _end = RunEvent.Of("error", problem with { Detail = PlainText.Of(problem.Detail) }, ContractJson.Default.Problem));

    /// <summary>The events that a follower has not had.</summary>
    /// <param name="reasons">Number of events <c>refused</c> that it has had.</param>
    /// <returns>Them, the last of which says how it stands; true where none will follow; and what is done when there are others.</returns>
    public (IReadOnlyList<RunEvent> Events, bool IsLast, Task News) Since(int reasons)
    {
        lock (_gate)
        {
            var last = _end ?? RunEvent.Of("progress", new IndexingProgressEvent(index, _progress.Done, _progress.Total,
                Math.Round(_progress.AudioSeconds, 3), Elapsed, _progress.Next is { } path ? PlainText.Of(path) : null),
                ContractJson.Default.IndexingProgressEvent);
            return ([.. _reasons.Skip(reasons).Select(reason => RunEvent.Of("refused", new IndexingRefusedEvent(reason),
                ContractJson.Default.IndexingRefusedEvent)), last], _end is not null, _news.Task);
        }
    }

    double Elapsed => Math.Round(Stopwatch.GetElapsedTime(_start).TotalSeconds, 3);

    static bool IsRefused(FileOutcome outcome) => outcome is FileOutcome.Skipped or FileOutcome.UnreadableKind;

    int Files(FileOutcome outcome) => Files(outcome, known: true) + Files(outcome, known: false);

    int Files(FileOutcome outcome, bool known) => _files.GetValueOrDefault((outcome, known));

    static TaskCompletionSource News() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    void Change(Action change)
    {
        TaskCompletionSource told;
        lock (_gate)
        {
            change();
            (told, _news) = (_news, News());
        }
        told.SetResult();
    }
}
