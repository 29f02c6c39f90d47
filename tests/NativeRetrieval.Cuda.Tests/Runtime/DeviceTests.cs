using System.Runtime.InteropServices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Cuda.Compilation;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Runtime;
using NativeRetrieval.Cuda.Tests.LookAlike;
using NativeRetrieval.TestSupport;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Tests.Runtime;

/// <summary>The real calls, into a driver that computes nothing and does queued work as late as it may.</summary>
public unsafe class DeviceTests
{
    static readonly KernelImage _image = new([.. "image\0"u8],
        [.. KernelSignature.Read("store_arguments Word64 Word32 Float32 Word64 Float64 Word32")]);

    [Fact]
    public void A_device_tells_what_it_is()
    {
        using var context = LookAlikeDriver.Open();
        var properties = context.Properties;
        Assert.Equal("NR look-alike 0", properties.Name);
        Assert.Equal((new Version(8, 0), 80, 108, 166912),
            (properties.ComputeCapability, properties.Architecture, properties.Multiprocessors, properties.SharedBytesPerBlock));
        Assert.Equal("GPU-00112233-4455-6677-8899-aabbccddeeff", properties.Uuid);
    }

    [Fact]
    public void A_number_that_no_device_has_is_refused()
    {
        using var context = LookAlikeDriver.Open();
        Assert.Equal("there is no cuda:3; this machine has cuda:0",
            Assert.Throws<OptionException>(() => CudaContext.OpenPrimary(3)).Message);
    }

    [Fact]
    public void Everything_made_in_a_context_is_released_with_it()
    {
        int handles, retained;
        using (var context = LookAlikeDriver.Open())
        {
            (handles, retained) = (LookAlikeDriver.LiveHandles, LookAlikeDriver.Retained);
            using var stream = new CudaStream(context);
            using var ring = new StagingRing(context, 1024);
            using var mark = stream.Mark();
            using var module = new KernelModule(context, "sample", _image);
        }
        Assert.Equal((handles, retained - 1), (LookAlikeDriver.LiveHandles, LookAlikeDriver.Retained));
    }

    [Fact]
    public void The_context_that_a_host_had_current_is_current_again()
    {
        using var context = LookAlikeDriver.Open();
        cuCtxSetCurrent(0x7777).ThrowIfFailed();
        using (context.Enter())
        {
            cuCtxGetCurrent(out nint inside).ThrowIfFailed();
            Assert.Equal(context.Address, inside);
        }
        cuCtxGetCurrent(out nint after).ThrowIfFailed();
        Assert.Equal(0x7777, after);
        cuCtxSetCurrent(0).ThrowIfFailed();
    }

    [Fact]
    public void A_borrowed_context_and_stream_are_not_released()
    {
        using var owner = LookAlikeDriver.Open();
        using var owned = new CudaStream(owner);
        var (handles, retained) = (LookAlikeDriver.LiveHandles, LookAlikeDriver.Retained);
        using (var context = CudaContext.Borrow(owner.Address, 0))
        using (var stream = CudaStream.Borrow(context, owned.Handle.DangerousGetHandle()))
        using (var legacy = CudaStream.Borrow(context, 0))
        {
            stream.Synchronize();
            legacy.Synchronize();
        }
        Assert.Equal((handles, retained), (LookAlikeDriver.LiveHandles, LookAlikeDriver.Retained));
        owned.Synchronize();
    }

    [Fact]
    public void Uploads_and_downloads_longer_than_the_ring_keep_their_order()
    {
        using var context = LookAlikeDriver.Open();
        using var stream = new CudaStream(context);
        using var ring = new StagingRing(context, slotBytes: 100, slots: 2);
        var memory = new CachingAllocator(new DriverMemory(context));
        byte[] values = [.. Enumerable.Range(0, 1037).Select(i => (byte)(i * 31 + i / 256))];
        nint block = memory.Allocate(values.Length, stream);
        ring.Upload(values, block, stream);
        var back = new byte[values.Length];
        ring.Download(block, back, stream);
        Assert.Equal(values, back);
        stream.Fill(block, 7, 10);
        nint other = memory.Allocate(values.Length, stream);
        stream.Copy(block, other, values.Length);
        ring.Download(other, back, stream);
        Assert.Equal([.. Enumerable.Repeat((byte)7, 10), .. values[10..]], back);
        memory.Free(block);
        memory.Free(other);
        memory.Trim();
        Assert.Equal(0, memory.Statistics.ReservedBytes);
    }

    [Fact]
    public void An_upload_is_queued_not_waited_for_and_another_stream_waits_by_an_event()
    {
        using var context = LookAlikeDriver.Open();
        using var copy = new CudaStream(context);
        using var compute = new CudaStream(context);
        using var ring = new StagingRing(context, 1024);
        var memory = new CachingAllocator(new DriverMemory(context));
        nint source = memory.Allocate(64, copy), target = memory.Allocate(64, compute);
        ring.Upload([1, 2, 3, 4], source, copy);
        Assert.False(copy.IsIdle);
        using var arrived = copy.Mark();
        Assert.False(arrived.HasPassed);
        compute.WaitFor(arrived);
        compute.Copy(source, target, 4);
        var values = new byte[4];
        ring.Download(target, values, compute);
        Assert.Equal([1, 2, 3, 4], values);
        Assert.True(arrived.HasPassed);
    }

    [Fact]
    public void Out_of_memory_is_typed_and_passes()
    {
        using var context = LookAlikeDriver.Open(memoryBytes: LookAlikeMemory + (8 << 20));
        using var stream = new CudaStream(context);
        var memory = new CachingAllocator(new DriverMemory(context));
        nint block = memory.Allocate(6 << 20, stream);
        Assert.Throws<CudaOutOfMemoryException>(() => memory.Allocate(4 << 20, stream));
        memory.Free(block);
        memory.Free(memory.Allocate(4 << 20, stream));
        memory.Trim();
    }

    [Fact]
    public void After_a_fatal_error_every_use_of_the_device_says_so()
    {
        using (var context = LookAlikeDriver.Open())
        using (var stream = new CudaStream(context))
        using (var ring = new StagingRing(context, 1024))
        {
            LookAlikeDriver.FailNextWait(700);
            var error = Assert.Throws<CudaDeviceLostException>(stream.Synchronize);
            Assert.Contains("cuStreamSynchronize(Handle): CUDA_ERROR_ILLEGAL_ADDRESS (700): an illegal memory access", error.Message);
            Assert.Contains("start the program again", error.Message);
            Assert.True(context.IsLost);
            Assert.Equal(error.Message, Assert.Throws<CudaDeviceLostException>(() => stream.Fill(1, 0, 1)).Message);
            Assert.Throws<CudaDeviceLostException>(() => ring.Upload([1], 1, stream));
            Assert.Throws<CudaDeviceLostException>(context.Synchronize);
        }
        using var again = LookAlikeDriver.Open();
        again.Synchronize();
    }

    [Fact]
    public void Any_other_failure_names_the_call_and_the_error()
    {
        using var context = LookAlikeDriver.Open();
        using var module = new KernelModule(context, "sample.cu", _image);
        var error = Assert.Throws<CudaException>(() => module.Function("unheard"));
        Assert.Equal("cuModuleGetFunction(sample.cu, unheard)", error.Call);
        Assert.Equal("CUDA_ERROR_NOT_FOUND (500)", error.Error);
        Assert.False(context.IsLost);
    }

    [Fact]
    public void An_image_that_the_driver_refuses_comes_with_its_log()
    {
        using var context = LookAlikeDriver.Open();
        var error = Assert.Throws<KernelCompilationException>(() => new KernelModule(context, "sample.cu", new([.. "bad\0"u8], [])));
        Assert.Contains("the assembler's words", error.Message);
        Assert.Contains("218", error.Message);
    }

    [StructLayout(LayoutKind.Sequential)]
    struct Stored
    {
        public int A;
        public float B;
        public long C;
        public double D;
        public uint E, Grid, Block;
    }

    [Fact]
    public void Arguments_reach_the_kernel_in_their_order_and_width()
    {
        using var context = LookAlikeDriver.Open();
        using var stream = new CudaStream(context);
        using var module = new KernelModule(context, "sample.cu", _image);
        var stored = new Stored();
        module.Function("store_arguments")
            .Launch(stream, 5, 128, dynamicSharedBytes: 100 << 10, (nint)(&stored), -3, 0.5f, long.MinValue, Math.PI, uint.MaxValue);
        Assert.Equal((-3, 0.5f, long.MinValue, Math.PI, uint.MaxValue), (stored.A, stored.B, stored.C, stored.D, stored.E));
        Assert.Equal((5u, 128u), (stored.Grid, stored.Block));
        module.Function("store_arguments").Launch(stream, 0, 128, 0, (nint)0, 0, 0f, 0L, 0d, 0u);
    }

    [Fact]
    public void Arguments_that_the_kernel_does_not_take_are_refused_before_the_launch()
    {
        using var context = LookAlikeDriver.Open();
        using var stream = new CudaStream(context);
        using var module = new KernelModule(context, "sample.cu", _image);
        var kernel = module.Function("store_arguments");
        var error = Assert.Throws<ArgumentException>(() => kernel.Launch(stream, 0, 32, 0, (nint)1, 2L, 0.5f, 3L, 0.25, 4u));
        Assert.Equal("store_arguments takes (Word64, Word32, Float32, Word64, Float64, Word32), "
            + "got (Word64, Word64, Float32, Word64, Float64, Word32)", error.Message);
        Assert.Throws<ArgumentException>(() => kernel.Launch(stream, 1, 32, 0, (nint)1, 2, 1, 3L, 0.25, 4u));
        Assert.Throws<ArgumentException>(() => kernel.Launch(stream, 1, 32, 0, (nint)1));
    }

    [Fact]
    public void A_kernel_file_is_compiled_for_the_device_kept_on_disk_and_loaded_once()
    {
        Assert.SkipWhen(CudaTestLibraries.Folder(CudaTestLibraries.Newer) is null, CudaTestLibraries.WhyAbsent(CudaTestLibraries.Newer));
        using var context = LookAlikeDriver.Open();
        using var folder = new TemporaryFolder();
        int handles = LookAlikeDriver.LiveHandles;
        using (var kernels = new KernelLibrary(context, new(folder.FullPath)))
        {
            var function = kernels.Function("l2_normalize", "store_arguments");
            Assert.Same(function, kernels.Function("l2_normalize", "store_arguments"));
            Assert.Equal(handles + 1, LookAlikeDriver.LiveHandles);
        }
        Assert.Equal(handles, LookAlikeDriver.LiveHandles);
        string entry = Assert.Single(Directory.GetFiles(folder.FullPath));
        Assert.StartsWith("l2_normalize-sm_80-", Path.GetFileName(entry));
        var written = File.GetLastWriteTimeUtc(entry);
        using (var again = new KernelLibrary(context, new(folder.FullPath))) again.Function("l2_normalize", "store_arguments");
        Assert.Equal(written, File.GetLastWriteTimeUtc(entry));
    }

    [Fact]
    public void Time_between_events_is_asked_of_the_device()
    {
        using var context = LookAlikeDriver.Open();
        using var start = new CudaEvent(context, timing: true);
        using var end = new CudaEvent(context, timing: true);
        Assert.Equal(1.5f, end.MillisecondsSince(start));
    }

    /// <summary>Bytes that other tests left allocated in the look-alike.</summary>
    static long LookAlikeMemory
    {
        get
        {
            using var context = LookAlikeDriver.Open();
            return LookAlikeDriver.MemoryUsed;
        }
    }
}
