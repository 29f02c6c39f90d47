using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Cublas;
using NativeRetrieval.Cuda.Interop.Cudnn;
using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Interop.Libraries;
using NativeRetrieval.Cuda.Interop.Nvrtc;
using static NativeRetrieval.Cuda.Interop.Cublas.CublasLtApi;
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
        Check(typeof(DriverApi), CudaLibraries.Of(LibraryFamily.Driver).Handle);
        Check(typeof(NvrtcApi), CudaLibraries.Of(LibraryFamily.Nvrtc).Handle);
        Check(typeof(CublasApi), CudaLibraries.Of(LibraryFamily.Cublas).Handle);
        Check(typeof(CublasLtApi), CudaLibraries.Of(LibraryFamily.Cublas).Companions["libcublasLt"]);
        Check(typeof(CudnnApi), CudaLibraries.Of(LibraryFamily.Cudnn).Handle);

        static void Check(Type api, nint library) => Assert.All(
            api.GetMethods().Where(method => method.IsStatic && !method.IsDefined(typeof(OptionalExportAttribute), false)),
            method => Assert.True(NativeLibrary.TryGetExport(library, method.Name, out _), $"{api.Name}: {method.Name} is not exported"));
    }

    [Fact]
    public void Matrix_and_convolution_handles_are_made()
    {
        Emulator.Require();
        foreach (var family in LibraryFamily.All) CudaLibraries.Require(family);
        cublasLtCreate(out nint blas).ThrowIfFailed();
        cublasLtDestroy(blas).ThrowIfFailed();
        cudnnCreate(out nint dnn).ThrowIfFailed();
        cudnnDestroy(dnn).ThrowIfFailed();
        cudnnCreateTensorDescriptor(out nint created).ThrowIfFailed();
        using var tensor = new TensorHandle(created);
        Assert.Equal(CudnnStatus.BadParameter, cudnnSetTensor4dDescriptor(tensor, CudnnTensorFormat.Nchw, CudnnDataType.Float, 1, 0, 1, 1));
    }
}
