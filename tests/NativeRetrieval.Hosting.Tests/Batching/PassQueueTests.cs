using System.Collections.Concurrent;
using System.Diagnostics;
using NativeRetrieval.Engine;
using NativeRetrieval.Hosting.Batching;

namespace NativeRetrieval.Hosting.Tests.Batching;

/// <summary>The queue before the model; the model doubles numbers, and waits until it is let.</summary>
public sealed class PassQueueTests : IDisposable
{
    readonly ConcurrentQueue<int[]> _passes = new();
    readonly SemaphoreSlim _begun = new(0), _let = new(0);

    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_waits_while_a_pass_runs_is_the_next_pass()
    {
        using var queue = Queue(mostItems: 4);
        var first = queue.EmbedAsync([1], Token);
        await _begun.WaitAsync(Token);
        Task<float[]>[] waiting = [queue.EmbedAsync([2, 3], Token), queue.EmbedAsync([4], Token), queue.EmbedAsync([5, 6], Token)];
        _let.Release(3);
        await Gives(first, [2f]);
        Assert.Equal([[4f, 6f], [8f], [10f, 12f]], await Task.WhenAll(waiting));
        Assert.Equal([[1], [2, 3, 4], [5, 6]], _passes);
    }

    [Fact]
    public async Task A_call_larger_than_a_pass_takes_several_and_lets_others_between()
    {
        using var queue = Queue(mostItems: 2);
        var large = queue.EmbedAsync([1, 2, 3], Token);
        await _begun.WaitAsync(Token);
        var small = queue.EmbedAsync([9], Token);
        _let.Release(3);
        await Gives(small, [18f]);
        await Gives(large, [2f, 4f, 6f]);
        Assert.Equal([1, 2], _passes.First());
        Assert.Equal([3, 9], _passes.Skip(1).SelectMany(pass => pass).Order());
    }

    [Fact]
    public async Task A_caller_waits_for_a_place_in_a_full_queue_and_may_give_up()
    {
        using var queue = Queue(mostItems: 1, mostWaiting: 1);
        using var given = new CancellationTokenSource();
        var first = queue.EmbedAsync([1], Token);
        await _begun.WaitAsync(Token);
        var second = queue.EmbedAsync([2], given.Token);
        var third = queue.EmbedAsync([3], given.Token);
        var fourth = queue.EmbedAsync([4], Token);
        Assert.Equal((false, false, false), (second.IsCompleted, third.IsCompleted, fourth.IsCompleted));
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        _let.Release(9);
        await Gives(first, [2f]);
        await Gives(fourth, [8f]);
        Assert.Equal([[1], [4]], _passes);
    }

    [Fact]
    public async Task A_pass_that_fails_is_done_again_call_by_call_so_that_only_those_fail_that_must()
    {
        using var queue = Queue(mostItems: 8);
        var first = queue.EmbedAsync([1], Token);
        await _begun.WaitAsync(Token);
        Task<float[]> good = queue.EmbedAsync([2], Token), bad = queue.EmbedAsync([-1], Token), also = queue.EmbedAsync([3], Token);
        _let.Release(5);
        await first;
        await Gives(good, [4f]);
        await Gives(also, [6f]);
        Assert.Contains("negative", (await Assert.ThrowsAsync<InvalidOperationException>(() => bad)).Message);
        Assert.Equal([[1], [2, -1, 3], [2], [-1], [3]], _passes);
    }

    [Fact]
    public async Task Disposing_waits_for_the_pass_that_runs_and_fails_what_waits()
    {
        var queue = Queue(mostItems: 1, mostWaiting: 1);
        var running = queue.EmbedAsync([1], Token);
        await _begun.WaitAsync(Token);
        Task<float[]> waiting = queue.EmbedAsync([2], Token), outside = queue.EmbedAsync([3], Token);
        var disposing = Task.Run(queue.Dispose, Token);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => outside);
        Assert.False(disposing.IsCompleted);
        _let.Release();
        await Gives(running, [2f]);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await disposing;
        await Assert.ThrowsAsync<ObjectDisposedException>(() => queue.EmbedAsync([4], Token));
        Assert.Equal([[1]], _passes);
    }

    [Fact]
    public async Task A_pass_is_an_activity_that_is_linked_to_its_callers()
    {
        var ended = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RetrievalTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var caller = new Activity("caller").SetIdFormat(ActivityIdFormat.W3C).Start();
        using var queue = Queue(mostItems: 1);
        var call = queue.EmbedAsync([1], Token);
        _let.Release();
        await call;
        queue.Dispose();
        var pass = Assert.Single(ended, activity => activity.Links.Any(link => link.Context == caller.Context));
        Assert.Equal(("pass", 1), (pass.OperationName, pass.GetTagItem("nativeretrieval.calls")));
        Assert.Null(pass.Parent);
    }

    static async Task Gives(Task<float[]> call, float[] vectors) => Assert.Equal(vectors, await call);

    PassQueue<int> Queue(int mostItems, int mostWaiting = 16) => new("test", mostWaiting, mostItems, width: 1, Double);

    float[] Double(IReadOnlyList<int> numbers)
    {
        _passes.Enqueue([.. numbers]);
        _begun.Release();
        _let.Wait();
        if (numbers.Any(number => number < 0)) throw new InvalidOperationException("a number is negative");
        return [.. numbers.Select(number => 2f * number)];
    }

    public void Dispose()
    {
        _begun.Dispose();
        _let.Dispose();
    }
}
