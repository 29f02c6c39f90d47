using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.Cuda.Tests.Runtime;

/// <summary>The allocator's policy over memory that is only counted.</summary>
public class CachingAllocatorTests
{
    const int MiB = 1 << 20;

    readonly Source _source = new(100 * MiB);
    readonly Stream _compute = new(), _copy = new();

    CachingAllocator Allocator => field ??= new(_source);

    [Fact]
    public void A_freed_block_is_reused_at_once_on_its_own_stream()
    {
        nint first = Allocator.Allocate(3 * MiB, _compute);
        Allocator.Free(first);
        Assert.Equal(first, Allocator.Allocate(3 * MiB - 1000, _compute));
        Assert.Equal(1, _source.Calls);
        Assert.Equal(1, Allocator.Statistics.Reuses);
    }

    [Fact]
    public void Another_stream_does_not_get_it()
    {
        nint first = Allocator.Allocate(MiB, _compute);
        Allocator.Free(first);
        Assert.NotEqual(first, Allocator.Allocate(MiB, _copy));
    }

    [Fact]
    public void A_block_that_a_second_stream_used_waits_until_that_stream_has_passed_the_free()
    {
        nint first = Allocator.Allocate(MiB, _compute);
        Allocator.UsedOn(first, _copy);
        Allocator.Free(first);
        Assert.Equal(MiB, Allocator.Statistics.WaitingBytes);
        nint second = Allocator.Allocate(MiB, _compute);
        Assert.NotEqual(first, second);
        _copy.Pass();
        Assert.Equal(first, Allocator.Allocate(MiB, _compute));
        Assert.Equal(0, Allocator.Statistics.WaitingBytes);
        Assert.Equal(0, _copy.OpenMarks);
    }

    [Fact]
    public void Under_pressure_idle_memory_goes_back_after_waiting_for_the_device_and_the_request_is_tried_once_more()
    {
        nint[] blocks = [.. Enumerable.Range(0, 9).Select(_ => Allocator.Allocate(10 * MiB, _compute))];
        foreach (nint block in blocks[..5]) Allocator.Free(block);
        Allocator.Allocate(40 * MiB, _copy);
        Assert.Equal(1, _source.Synchronizations);
        Assert.Equal(0, Allocator.Statistics.IdleBytes);
        Assert.Equal(80 * MiB, _source.UsedBytes);
        Assert.Equal(1, Allocator.Statistics.Trims);
    }

    [Fact]
    public void Under_pressure_blocks_that_waited_for_a_stream_count_too()
    {
        nint block = Allocator.Allocate(80 * MiB, _compute);
        Allocator.UsedOn(block, _copy);
        Allocator.Free(block);
        _source.OnSynchronize = _copy.Pass;
        Allocator.Allocate(80 * MiB, _copy);
        Assert.Equal(80 * MiB, _source.UsedBytes);
    }

    [Fact]
    public void Out_of_memory_names_what_was_asked_for_and_what_is_left_and_changes_nothing()
    {
        nint block = Allocator.Allocate(60 * MiB, _compute);
        var error = Assert.Throws<CudaOutOfMemoryException>(() => Allocator.Allocate(64 * MiB, _compute));
        Assert.Equal((64L * MiB, 40L * MiB, 100L * MiB), (error.RequestedBytes, error.FreeBytes, error.TotalBytes));
        Assert.Contains("no 64 MiB of memory left on the GPU (40 MiB of 100 MiB are free); 60 MiB are in use", error.Message);
        Allocator.Free(block);
        Allocator.Allocate(64 * MiB, _compute);
        Assert.Equal(64 * MiB, Allocator.Statistics.LiveBytes);
    }

    [Fact]
    public void A_step_that_repeats_asks_the_driver_only_the_first_time()
    {
        for (int step = 0; step < 3; step++)
        {
            nint[] blocks = [.. Enumerable.Range(1, 20).Select(i => Allocator.Allocate(i * 70_001, _compute))];
            foreach (nint block in blocks) Allocator.Free(block);
        }
        Assert.Equal(20, _source.Calls);
        Assert.Equal(0, Allocator.Statistics.LiveBytes);
    }

    [Theory]
    [InlineData(0, 512)]
    [InlineData(1, 512)]
    [InlineData(513, 1024)]
    [InlineData(1_000_000, 1_048_576)]
    [InlineData((1 << 20) + 1, (1 << 20) + (1 << 17))]
    public void Classes_waste_an_eighth_at_most(long size, long expected) => Assert.Equal(expected, CachingAllocator.ClassOf(size));

    [Fact]
    public void Freeing_twice_is_an_error_of_the_program()
    {
        nint block = Allocator.Allocate(1, _compute);
        Allocator.Free(block);
        Assert.Throws<ArgumentException>(() => Allocator.Free(block));
    }

    [Fact]
    public void On_a_lost_device_freeing_is_silent()
    {
        nint block = Allocator.Allocate(MiB, _compute);
        Allocator.UsedOn(block, _copy);
        _copy.Lost = true;
        Allocator.Free(block);
        Assert.Equal(0, Allocator.Statistics.LiveBytes);
    }

    sealed class Source(long totalBytes) : IMemorySource
    {
        readonly Dictionary<nint, long> _blocks = [];
        nint _next = 0x1000;

        public int Calls { get; private set; }

        public int Synchronizations { get; private set; }

        public long UsedBytes => _blocks.Values.Sum();

        public Action? OnSynchronize { get; set; }

        public (long FreeBytes, long TotalBytes) Available => (totalBytes - UsedBytes, totalBytes);

        public bool TryAllocate(long sizeBytes, out nint address)
        {
            Calls++;
            address = _next++;
            return UsedBytes + sizeBytes <= totalBytes && _blocks.TryAdd(address, sizeBytes);
        }

        public void Free(nint address) => Assert.True(_blocks.Remove(address));

        public void Synchronize()
        {
            Synchronizations++;
            OnSynchronize?.Invoke();
        }
    }

    sealed class Stream : IStreamOrder
    {
        readonly List<Fence> _fences = [];

        public int OpenMarks => _fences.Count(fence => !fence.IsDisposed);

        public bool Lost { get; set; }

        public void Pass() => _fences.ForEach(fence => fence.HasPassed = true);

        public IStreamMark Mark()
        {
            if (Lost) throw new CudaDeviceLostException("cuEventRecord", "CUDA_ERROR_ILLEGAL_ADDRESS (700)", "");
            _fences.Add(new());
            return _fences[^1];
        }
    }

    sealed class Fence : IStreamMark
    {
        public bool HasPassed { get; set; }

        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
