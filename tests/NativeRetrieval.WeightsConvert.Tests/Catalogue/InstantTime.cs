namespace NativeRetrieval.WeightsConvert.Tests.Catalogue;

/// <summary>
/// A clock without waiting: timers fire at once and are noted, except those as long as <paramref name="never"/>.
/// </summary>
sealed class InstantTime(TimeSpan never) : TimeProvider
{
    long _now;

    public List<TimeSpan> Waits { get; } = [];

    /// <summary>Time that passes with each look at the clock.</summary>
    public TimeSpan PerLook { get; init; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Add(ref _now, PerLook.Ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime >= never || dueTime == Timeout.InfiniteTimeSpan) return new Fired();
        lock (Waits) Waits.Add(dueTime);
        ThreadPool.QueueUserWorkItem(_ => callback(state));
        return new Fired();
    }

    sealed class Fired : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}
