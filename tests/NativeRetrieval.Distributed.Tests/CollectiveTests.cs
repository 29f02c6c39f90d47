using System.Text;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Distributed.Tests;

public sealed class CollectiveTests
{
    public static TheoryData<int, int> WorldsAndCounts()
    {
        var data = new TheoryData<int, int>();
        foreach (int world in (int[])[1, 2, 3, 4])
            foreach (int count in (int[])[0, 1, 2, 3, 5, 64, 1000, 300_001]) data.Add(world, count);
        return data;
    }

    [Theory]
    [MemberData(nameof(WorldsAndCounts))]
    public void Float_sums_are_in_ring_order_and_have_the_same_bits_on_every_rank(int world, int count)
    {
        float[][] parts = [.. Enumerable.Range(0, world).Select(rank => Values(rank, count))];
        var expected = new float[count];
        for (int chunk = 0; chunk < world; chunk++)
            for (long i = (long)count * chunk / world; i < (long)count * (chunk + 1) / world; i++)
            {
                float sum = parts[chunk][i];
                for (int next = 1; next < world; next++) sum += parts[(chunk + next) % world][i];
                expected[i] = sum;
            }

        float[][] sums = TcpRanks.Run(world, group =>
        {
            using var tensor = Tensor.From(parts[group.Rank], [count], CpuDevice.Shared);
            group.AllReduce(tensor).Wait();
            return tensor.ToArray<float>();
        });
        Assert.All(sums, sum => Assert.Equal(expected, sum));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Sums_of_doubles_and_counts(int world)
    {
        TcpRanks.Run(world, group =>
        {
            using var doubles = Tensor.From([.. Enumerable.Range(0, 77).Select(i => i + 0.5 * group.Rank)], [7, 11], CpuDevice.Shared);
            using var counts = Tensor.From(
                [.. Enumerable.Range(0, 77).Select(i => (long)i << 40 | (uint)group.Rank)], [77], CpuDevice.Shared);
            var first = group.AllReduce(doubles);
            var second = group.AllReduce(counts);
            second.Wait();
            first.Wait();
            int ranks = world * (world - 1) / 2;
            Assert.Equal(Enumerable.Range(0, 77).Select(i => i * world + 0.5 * ranks), doubles.ToArray<double>());
            Assert.Equal(Enumerable.Range(0, 77).Select(i => ((long)i << 40) * world + ranks), counts.ToArray<long>());

            double[] host = [1e16, group.Rank == 0 ? 1 : -1e16, group.Rank];
            long[] hostCounts = [long.MaxValue / world, group.Rank];
            group.AllReduce(host.AsSpan());
            group.AllReduce(hostCounts.AsSpan());
            double inRankOrder = 1;
            for (int rank = 1; rank < world; rank++) inRankOrder += -1e16;
            Assert.Equal([world * 1e16, inRankOrder, ranks], host);
            Assert.Equal([long.MaxValue / world * world, ranks], hostCounts);
            return true;
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Gathered_parts_lie_in_rank_order(int world) => TcpRanks.Run(world, group =>
    {
        using var part = Tensor.From([.. Enumerable.Range(0, 6).Select(i => 100 * group.Rank + i)], [2, 3], CpuDevice.Shared);
        using var whole = Tensor.Empty([2 * world, 3], CpuDevice.Shared, DType.Int32);
        var work = group.AllGather(part, whole);
        part.CopyFrom<int>([-1, -1, -1, -1, -1, -1]); // the part is the caller's again at once
        work.Wait();
        work.Wait();
        Assert.Equal(Enumerable.Range(0, world).SelectMany(rank => Enumerable.Range(0, 6).Select(i => 100 * rank + i)),
            whole.ToArray<int>());
        return true;
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Every_rank_can_be_the_root_of_a_broadcast(int world) => TcpRanks.Run(world, group =>
    {
        for (int root = 0; root < world; root++)
            foreach (int count in (int[])[0, 1, 200_003])
            {
                using var tensor = Tensor.From(Values(group.Rank, count), [count], CpuDevice.Shared);
                int version = tensor.Version;
                group.Broadcast(tensor, root).Wait();
                Assert.Equal(Values(root, count), tensor.ToArray<float>());
                Assert.NotEqual(version, tensor.Version);
            }
        return true;
    });

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Bytes_of_any_length_are_exchanged(int world) => TcpRanks.Run(world, group =>
    {
        Assert.Equal(Enumerable.Range(0, world).Select(rank => new string('x', rank * 1000)),
            group.Exchange(Encoding.UTF8.GetBytes(new string('x', group.Rank * 1000))).Select(Encoding.UTF8.GetString));
        Assert.All(group.Exchange([]), value => Assert.Empty(value));
        return true;
    });

    [Fact]
    public void Blocked_feature_maps_are_summed_as_they_lie() => TcpRanks.Run(2, group =>
    {
        using var maps = Tensor.Zeros([1, 3, 2, 2], CpuDevice.Shared, layout: Layout.NCHW16c);
        maps.CopyFrom<float>(Values(group.Rank, 12));
        group.AllReduce(maps).Wait();
        Assert.Equal(Values(0, 12).Zip(Values(1, 12), (a, b) => a + b), maps.ToArray<float>());
        return true;
    });

    [Fact]
    public void Many_collectives_are_under_way_at_once() => TcpRanks.Run(3, group =>
    {
        Tensor[] tensors = [.. Enumerable.Range(0, 100).Select(i => Tensor.From(Values(i, 1000 + i), [1000 + i], CpuDevice.Shared))];
        ICollectiveWork[] works = [.. tensors.Select((tensor, i) => i % 3 == 2 ? group.Broadcast(tensor, i % 3) : group.AllReduce(tensor))];
        group.Barrier();
        foreach (var work in works.Reverse()) work.Wait();
        for (int i = 0; i < tensors.Length; i++)
        {
            float factor = i % 3 == 2 ? 1 : 3;
            Assert.All(Values(i, 1000 + i).Zip(tensors[i].ToArray<float>()), pair => Assert.Equal(factor * pair.First, pair.Second, 1e-5f));
            tensors[i].Dispose();
        }
        return true;
    });

    [Fact]
    public void Waiting_is_counted()
    {
        var first = new TaskCompletionSource<Thread>();
        var waited = TcpRanks.Run(2, group =>
        {
            var before = group.Waited;
            if (group.Rank == 0) first.SetResult(Thread.CurrentThread);
            else SpinWait.SpinUntil(() => first.Task.IsCompleted && (first.Task.Result.ThreadState & ThreadState.WaitSleepJoin) != 0);
            group.Barrier();
            return group.Waited - before;
        });
        Assert.True(waited[0] > TimeSpan.Zero);
    }

    [Fact]
    public void Wrong_tensors_are_refused_before_anything_is_sent() => TcpRanks.Run(2, group =>
    {
        using var ints = Tensor.Zeros([2], CpuDevice.Shared, DType.Int32);
        using var maps = Tensor.Zeros([1, 3, 2, 2], CpuDevice.Shared, layout: Layout.NCHW16c);
        using var whole = Tensor.Zeros([3], CpuDevice.Shared, DType.Int32);
        Assert.Contains("float32, float64 or int64", Assert.Throws<ShapeException>(() => group.AllReduce(ints)).Message);
        Assert.Contains("[4]", Assert.Throws<ShapeException>(() => group.AllGather(ints, whole)).Message);
        Assert.Throws<ShapeException>(() => group.AllGather(maps, maps));
        Assert.Throws<ArgumentOutOfRangeException>(() => group.Broadcast(ints, 2));
        group.Barrier();
        return true;
    });

    static float[] Values(int seed, int count)
    {
        var random = new Philox((ulong)seed);
        return [.. Enumerable.Range(0, count).Select(i => random.Uniform((ulong)i) - 0.5f)];
    }
}
