using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Tests.Parallel;

/// <summary>Alone: a caller on another thread would make these run their parts by themselves.</summary>
[CollectionDefinition(nameof(WorkersTests), DisableParallelization = true)]
[Collection(nameof(WorkersTests))]
public sealed class WorkersTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(1000)]
    public void Every_part_runs_exactly_once(int parts)
    {
        int[] runs = new int[parts];
        Workers.Run(parts, part => Interlocked.Increment(ref runs[part]));
        Assert.All(runs, count => Assert.Equal(1, count));
    }

    [Fact]
    public void Many_short_jobs_in_a_row_all_finish_before_run_returns()
    {
        int[] values = new int[7];
        for (int round = 1; round <= 20_000; round++)
        {
            Workers.Run(values.Length, part => values[part]++);
            Assert.Equal(round, values.Min());
        }
    }

    [Fact]
    public void A_job_after_a_pause_wakes_the_threads_that_went_to_sleep()
    {
        for (int round = 0; round < 5; round++)
        {
            Thread.Sleep(5);
            var threads = new HashSet<int>();
            Workers.Run(Workers.Count, _ =>
            {
                lock (threads) threads.Add(Environment.CurrentManagedThreadId);
                // Long enough for the others to wake and take their part.
                SpinWait.SpinUntil(() => { lock (threads) return threads.Count == Workers.Count; }, TimeSpan.FromSeconds(5));
            });
            Assert.Equal(Workers.Count, threads.Count);
        }
    }

    [Fact]
    public void A_nested_call_runs_on_its_caller()
    {
        Workers.Run(8, _ =>
        {
            int outer = Environment.CurrentManagedThreadId;
            int sum = 0;
            Workers.Run(10, inner =>
            {
                Assert.Equal(outer, Environment.CurrentManagedThreadId);
                sum += inner;
            });
            Assert.Equal(45, sum);
        });
    }

    [Fact]
    public void An_exception_of_a_part_reaches_the_caller_and_the_pool_goes_on()
    {
        for (int round = 0; round < 100; round++)
        {
            var error = Assert.Throws<InvalidDataException>(() => Workers.Run(16, part =>
            {
                if (part % 5 == 3) throw new InvalidDataException("part failed");
            }));
            Assert.Equal("part failed", error.Message);
        }
        Every_part_runs_exactly_once(50);
    }

    [Fact]
    public void Callers_on_several_threads_each_get_all_their_parts()
    {
        const int callers = 4, rounds = 500, parts = 9;
        long[] sums = new long[callers];
        var threads = Enumerable.Range(0, callers).Select(caller => new Thread(() =>
        {
            for (int round = 0; round < rounds; round++)
                Workers.Run(parts, part => Interlocked.Add(ref sums[caller], part + 1));
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.All(sums, sum => Assert.Equal(rounds * parts * (parts + 1) / 2, sum));
    }

    /// <summary>A thread that comes late to a job meets the next one in the same object, or one of another kind.</summary>
    [Fact]
    public void Jobs_of_two_kinds_in_turn_run_each_part_once_with_their_own_state()
    {
        int[] first = new int[5], second = new int[3];
        for (int round = 1; round <= 20_000; round++)
        {
            Workers.Run(first.Length, (first, round), static (s, part) => s.first[part] += s.round);
            Workers.Run(second.Length, second, static (second, part) => second[part]++);
            Assert.All(first, sum => Assert.Equal(round * (round + 1) / 2, sum));
            Assert.All(second, count => Assert.Equal(round, count));
        }
    }

    [Fact]
    public void A_static_body_leaves_nothing_behind()
    {
        Assert.InRange(Run(), 1, long.MaxValue); // the body itself, once
        Assert.Equal(0, Run());

        static long Run()
        {
            Span<int> sizes = [1, 2, 64];
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach (int parts in sizes) Workers.Run(parts, parts, static (parts, part) => Assert.True(part < parts));
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void A_finished_job_keeps_its_state_no_longer()
    {
        var state = RunWithState();
        GC.Collect();
        Assert.False(state.IsAlive);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static WeakReference RunWithState()
        {
            int[] values = new int[1000];
            Workers.Run(8, values, static (values, part) => values[part]++);
            return new(values);
        }
    }
}
