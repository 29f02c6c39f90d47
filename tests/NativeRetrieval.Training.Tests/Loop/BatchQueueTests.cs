using System.Collections.Concurrent;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Loop;

namespace NativeRetrieval.Training.Tests.Loop;

/// <summary>Batches that are loaded ahead: their order, their number, their end, and what goes wrong with one.</summary>
public sealed class BatchQueueTests
{
    /// <summary>The time after which a queue hangs, in ms; no other is measured.</summary>
    const int Hangs = 60_000;

    readonly ConcurrentQueue<Batch> _loaded = new();

    static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>From the batch at which a run is resumed to the last, each once.</summary>
    [Theory(Timeout = Hangs)]
    [InlineData(0, 5)]
    [InlineData(3, 8)]
    [InlineData(7, 8)]
    public Task Batches_come_in_order_from_the_first_to_the_last(int first, int end) => Beside(() =>
    {
        using var queue = new BatchQueue<Batch>(first, end, Load, TimeProvider.System);
        for (int number = first; number < end; number++)
        {
            var (batch, _) = queue.Next(() => { }, Token);
            Assert.Equal(number, batch.Number);
            Assert.False(batch.IsDisposed);
        }
        Assert.Contains("no batch is left", Assert.Throws<InvalidOperationException>(() => queue.Next(() => { }, Token)).Message);
        Assert.Equal(Enumerable.Range(first, end - first), _loaded.Select(batch => batch.Number));
    });

    /// <summary>Loading of a batch begins when the one before it has found its place: at most two lie ready.</summary>
    [Fact(Timeout = Hangs)]
    public Task No_more_batches_are_loaded_than_are_to_lie_ready() => Beside(() =>
    {
        const int Batches = 50;
        int asked = 0;
        var ahead = new ConcurrentQueue<int>();
        using var full = new ManualResetEventSlim();
        using (var queue = new BatchQueue<Batch>(0, Batches, LoadCounted, TimeProvider.System))
        {
            full.Wait(Token);
            for (int number = 0; number < Batches; number++)
            {
                Interlocked.Increment(ref asked);
                queue.Next(() => { }, Token).Batch.Dispose();
            }
        }
        Assert.Equal(BatchQueue<Batch>.Ahead, ahead.Max());

        Batch LoadCounted(int number)
        {
            ahead.Enqueue(number - Volatile.Read(ref asked));
            if (number == BatchQueue<Batch>.Ahead) full.Set();
            return Load(number);
        }
    });

    [Fact(Timeout = Hangs)]
    public Task What_goes_wrong_with_a_batch_is_thrown_where_it_is_asked_for_and_every_time() => Beside(() =>
    {
        using var queue = new BatchQueue<Batch>(0, 9, number => number == 2 ? throw new FormatException("batch 2") : Load(number),
            TimeProvider.System);
        int idle = 0;
        for (int number = 0; number < 2; number++) Assert.Equal(number, queue.Next(() => { }, Token).Batch.Number);
        for (int time = 1; time <= 2; time++)
        {
            Assert.Equal("batch 2", Assert.Throws<FormatException>(() => queue.Next(() => idle++, Token)).Message);
            Assert.Equal(time, idle); // what the device was given is seen to its end first
        }
        Assert.Equal(2, _loaded.Count);
    });

    /// <summary>A load that cancels itself is an error like any other.</summary>
    [Fact(Timeout = Hangs)]
    public Task A_cancelled_load_does_not_end_the_queue_in_silence() => Beside(() =>
    {
        using var queue = new BatchQueue<Batch>(0, 9, _ => throw new OperationCanceledException("load"), TimeProvider.System);
        Assert.Equal("load", Assert.Throws<OperationCanceledException>(() => queue.Next(() => { }, Token)).Message);
    });

    [Fact(Timeout = Hangs)]
    public Task Waiting_is_cancelled_and_a_batch_that_comes_too_late_is_freed() => Beside(() =>
    {
        using var loading = new ManualResetEventSlim();
        using var cancellation = new CancellationTokenSource();
        using (var queue = new BatchQueue<Batch>(0, 9, number =>
        {
            loading.Wait(Token);
            return Load(number);
        }, TimeProvider.System))
        {
            Assert.Throws<OperationCanceledException>(() => queue.Next(cancellation.Cancel, cancellation.Token));
            loading.Set();
        }
        Assert.All(_loaded, batch => Assert.True(batch.IsDisposed));
    });

    /// <summary>Two lie ready and the third waits for its place, or has failed.</summary>
    [Theory(Timeout = Hangs)]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_full_queue_is_disposed_with_all_its_batches(bool fails) => Beside(() =>
    {
        using var third = new ManualResetEventSlim();
        var queue = new BatchQueue<Batch>(0, 9, number =>
        {
            if (number == BatchQueue<Batch>.Ahead)
            {
                third.Set();
                if (fails) throw new FormatException("batch 2");
            }
            return Load(number);
        }, TimeProvider.System);
        third.Wait(Token);
        queue.Dispose();
        Assert.InRange(_loaded.Count, BatchQueue<Batch>.Ahead, BatchQueue<Batch>.Ahead + (fails ? 0 : 1));
        Assert.All(_loaded, batch => Assert.True(batch.IsDisposed));
    });

    /// <summary>Three seconds pass between the end of the device's work and the batch; what went before is the device's own time.</summary>
    [Fact(Timeout = Hangs)]
    public Task The_wait_is_counted_from_the_end_of_what_the_device_does() => Beside(() =>
    {
        using var waiting = new ManualResetEventSlim();
        var time = new SignallingTime(waiting);
        using var queue = new BatchQueue<Batch>(0, 2, number =>
        {
            waiting.Wait(Token); // until the queue has looked at the clock
            if (number == 0) time.Advance(3);
            return Load(number);
        }, time);
        var (_, waited) = queue.Next(() => time.Advance(5), Token);
        Assert.Equal(TimeSpan.FromSeconds(3), waited);
    });

    [Fact(Timeout = Hangs)]
    public Task A_batch_that_lies_ready_is_not_waited_for() => Beside(() =>
    {
        using var second = new ManualResetEventSlim();
        using var queue = new BatchQueue<Batch>(0, 2, number =>
        {
            if (number == 1) second.Set(); // the first has found its place
            return Load(number);
        }, TimeProvider.System);
        second.Wait(Token);
        var (batch, waited) = queue.Next(() => Assert.Fail("a batch was ready"), Token);
        Assert.Equal((0, TimeSpan.Zero), (batch.Number, waited));
    });

    /// <summary>A test that may hang runs on a thread that its timeout leaves behind.</summary>
    static Task Beside(Action test) => Task.Run(test, Token);

    Batch Load(int number)
    {
        var batch = new Batch(number);
        _loaded.Enqueue(batch);
        return batch;
    }

    sealed class Batch(int number) : IDisposable
    {
        public int Number => number;

        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    /// <summary>A clock that stands still, and says so once somebody has looked at it.</summary>
    sealed class SignallingTime(ManualResetEventSlim looked) : TimeProvider
    {
        readonly SteppedTime _time = new();

        public override long TimestampFrequency => _time.TimestampFrequency;

        public void Advance(double seconds) => _time.Advance(seconds);

        public override long GetTimestamp()
        {
            long now = _time.GetTimestamp();
            looked.Set();
            return now;
        }
    }
}
