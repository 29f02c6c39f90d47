namespace NativeRetrieval.WeightsConvert.Tests.Catalogue;

/// <summary>
/// A clock without waiting: timers fire at once and are noted, except those as long as <paramref name="never"/>.
/// </summary>
sealed class InstantTime(TimeSpan never) : TimeProvider
{
    public List<TimeSpan> Waits { get; } = [];

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
