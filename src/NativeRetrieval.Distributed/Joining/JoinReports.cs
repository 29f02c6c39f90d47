using System.Diagnostics;

namespace NativeRetrieval.Distributed.Joining;

/// <summary>Sentences about a wait for others, at equal times.</summary>
internal sealed class JoinReports(TcpGroupOptions options)
{
    long _last = Stopwatch.GetTimestamp();

    /// <summary>The time until the next is due.</summary>
    public TimeSpan Left => options.JoinReport - Stopwatch.GetElapsedTime(_last);

    /// <summary>Says it where it is due.</summary>
    public void Say(Func<string> sentence)
    {
        if (Left > TimeSpan.Zero) return;
        _last = Stopwatch.GetTimestamp();
        options.Joining?.Invoke(sentence());
    }
}
