using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Cublas;
using NativeRetrieval.Cuda.Interop.Cudnn;
using NativeRetrieval.Cuda.Interop.Libraries;
using static NativeRetrieval.Cuda.Interop.Cublas.CublasApi;
using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.CudaEmulator.Tests;

/// <summary>The search and the bindings take the look-alike libraries for NVIDIA's.</summary>
public unsafe class LibraryTests
{
    [Fact]
    public void Every_family_is_found_in_the_emulator_folder()
    {
        Emulator.Require();
        foreach (var family in LibraryFamily.All)
        {
            var found = CudaLibraries.Of(family);
            Assert.True(found.Path?.StartsWith(Emulator.Folder, StringComparison.Ordinal) ?? false,
                $"{family.Name}: {found.Path}; {string.Join("; ", found.Attempts)}");
        }
    }

    /// <summary>A bound name that a look-alike lacks would fail only when it is first called, maybe on somebody's GPU alone.</summary>
    [Fact]
    public void Every_bound_function_is_exported()
    {
        Emulator.Require();
        foreach (var (family, folder) in ((LibraryFamily, string)[])[(LibraryFamily.Driver, "Driver"), (LibraryFamily.Nvrtc, "Nvrtc"), (LibraryFamily.Cublas, "Cublas"), (LibraryFamily.Cudnn, "Cudnn")])
        {
            var api = typeof(CublasApi).Assembly.GetType($"NativeRetrieval.Cuda.Interop.{folder}.{folder}Api")!;
            nint library = CudaLibraries.Of(family).Handle;
            foreach (var method in api.GetMethods().Where(method => method.IsStatic && !method.IsDefined(typeof(OptionalExportAttribute), false)))
                Assert.True(NativeLibrary.TryGetExport(library, method.Name, out _), $"{family.Name} lacks {method.Name}");
        }
    }

    [Fact]
    public void Matrix_and_convolution_handles_are_made()
    {
        Emulator.Require();
        foreach (var family in LibraryFamily.All) CudaLibraries.Require(family);
        cublasCreate_v2(out nint blas).ThrowIfFailed();
        cublasDestroy_v2(blas).ThrowIfFailed();
        cudnnCreate(out nint dnn).ThrowIfFailed();
        cudnnDestroy(dnn).ThrowIfFailed();
        cudnnCreateTensorDescriptor(out nint created).ThrowIfFailed();
        using var tensor = new TensorHandle(created);
        Assert.Equal(CudnnStatus.BadParameter, cudnnSetTensor4dDescriptor(tensor, CudnnTensorFormat.Nchw, CudnnDataType.Float, 1, 0, 1, 1));
    }
}
