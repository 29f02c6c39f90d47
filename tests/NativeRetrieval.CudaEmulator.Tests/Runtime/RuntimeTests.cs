using System.Runtime.InteropServices;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Compilation;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Cublas;
using NativeRetrieval.Cuda.Interop.Cudnn;
using NativeRetrieval.Cuda.Runtime;
using NativeRetrieval.TestSupport;
using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.CudaEmulator.Tests.Runtime;

/// <summary>Allocator, staging and streams where every order of work is tried and every use of freed memory ends the context.</summary>
public unsafe class RuntimeTests
{
    [Theory]
    [InlineData("forward")]
    [InlineData("reverse")]
    [InlineData("random")]
    public void Batches_uploaded_on_one_stream_are_computed_on_another_and_blocks_go_round(string order)
    {
        Emulator.Require();
        const int Rows = 3, Width = 200;
        using var folder = new TemporaryFolder();
        using var settings = new KernelDevice(order);
        using var context = CudaContext.OpenPrimary();
        using var kernels = new KernelLibrary(context, new(folder.FullPath));
        using var copy = new CudaStream(context);
        using var compute = new CudaStream(context);
        using var ring = new StagingRing(context, slotBytes: 512);
        var memory = new CachingAllocator(new DriverMemory(context));
        var queued = new Queue<(float[] X, nint Target)>();
        for (int batch = 0; batch < 5; batch++)
        {
            float[] x = [.. Enumerable.Range(0, Rows * Width).Select(i => MathF.Sin(i + batch * 1000))];
            nint source = memory.Allocate(x.Length * 4, copy), target = memory.Allocate(x.Length * 4, compute);
            ring.Upload(MemoryMarshal.AsBytes(x.AsSpan()), source, copy);
            using (var arrived = copy.Mark()) compute.WaitFor(arrived);
            memory.UsedOn(source, compute);
            kernels.Function("l2_normalize", "l2_normalize_forward_f32").Launch(compute, Rows, 64, 8, source, target, 1e-12f, Width);
            memory.Free(source);
            queued.Enqueue((x, target));
            // The batch before is fetched while this one may still wait for its upload.
            if (queued.Count > 1) Check(queued.Dequeue());
        }
        Check(queued.Dequeue());
        Assert.InRange(memory.Statistics.Reuses, 3, 8);
        memory.Trim();
        Assert.Equal(0, memory.Statistics.ReservedBytes);

        void Check((float[] X, nint Target) batch)
        {
            var y = new float[batch.X.Length];
            ring.Download(batch.Target, MemoryMarshal.AsBytes(y.AsSpan()), compute);
            memory.Free(batch.Target);
            for (int row = 0; row < Rows; row++)
            {
                double norm = Math.Sqrt(batch.X.Skip(row * Width).Take(Width).Sum(value => (double)value * value));
                for (int i = 0; i < Width; i++) Assert.Equal(batch.X[row * Width + i] / norm, y[row * Width + i], 1e-6);
            }
        }
    }

    [Fact]
    public void Handles_and_descriptors_are_made_and_released()
    {
        using var settings = new KernelDevice("forward");
        using var context = CudaContext.OpenPrimary();
        using var scope = context.Enter();
        using var light = CublasLtHandle.Create(context);
        using var preference = PreferenceHandle.Create(4 << 20, 16);
        using var dnn = CudnnHandle.Create(context);
        using var x = TensorHandle.Create(CudnnTensorFormat.Nhwc, CudnnDataType.Float, 1, 4, 6, 5);
        using var w = FilterHandle.Create(CudnnTensorFormat.Nhwc, CudnnDataType.Float, 8, 4, 3, 3);
        using var y = TensorHandle.Create(CudnnTensorFormat.Nhwc, CudnnDataType.Float, 1, 8, 6, 5);
        using var convolution = ConvolutionHandle.Create(padding: 1, stride: 1, CudnnDataType.Float, CudnnMathType.FusedMultiplyAdd);
        using var activation = ActivationHandle.Create(CudnnActivationMode.Relu);
        cudnnGetConvolutionForwardWorkspaceSize(dnn, x, w, convolution, y, CudnnForwardAlgorithm.ImplicitPrecomputedGemm, out nuint bytes)
            .ThrowIfFailed();
        Assert.InRange((long)bytes, 0, 1 << 30);
    }

    [Fact]
    public void The_report_names_the_device_and_all_four_libraries()
    {
        Emulator.Require();
        var report = CudaReport.Make();
        Assert.Null(report.Problem);
        Assert.Equal("NR CPU emulator", Assert.Single(report.Devices).Name);
        Assert.All(report.Libraries, library => Assert.StartsWith(Emulator.Folder, library.Path));
    }
}
