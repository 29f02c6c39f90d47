using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Cublas;
using NativeRetrieval.Cuda.Interop.Libraries;

namespace NativeRetrieval.Cuda.Tests.Libraries;

/// <summary>NVIDIA's own cuBLAS without a GPU: what only describes a matrix product works and checks its arguments.</summary>
public unsafe class RealCublasTests
{
    [Fact]
    public Task Descriptors_are_taken_by_the_real_library() => ChildRun.WithAsync(CudaTestLibraries.Cublas, () =>
    {
        var found = CudaLibraries.Require(LibraryFamily.Cublas);
        Assert.Equal(new Version(12, 4, 5), found.Version!.Own);
        Assert.Equal(["libcublasLt"], found.Companions.Keys);

        using var product = MatmulHandle.Create(CublasComputeType.Float32, CudaDataType.Float32);
        foreach (var attribute in Enum.GetValues<MatmulAttribute>())
        {
            if (LtAttributes.SizeBytes(attribute) == 8) product.Set(attribute, 0L);
            else product.Set(attribute, attribute == MatmulAttribute.Epilogue ? (int)Epilogue.GeluAuxBias : 0);
        }
        using var layout = MatrixLayoutHandle.Create(CudaDataType.BFloat16, 768, 512, 768);
        using var preference = PreferenceHandle.Create(32 << 20, 16);
    });

    [Fact]
    public Task Its_refusals_are_told_in_its_words() => ChildRun.WithAsync(CudaTestLibraries.Cublas, () =>
    {
        using var product = MatmulHandle.Create(CublasComputeType.Float32, CudaDataType.Float32);
        Assert.Contains("Epilogue takes 4 bytes, got 8",
            Assert.Throws<ArgumentException>(() => product.Set(MatmulAttribute.Epilogue, 1L)).Message);
        long wide = 1;
        var status = CublasLtApi.cublasLtMatmulDescSetAttribute(product, MatmulAttribute.BiasPointer, &wide, 4);
        Assert.Equal("status: cublasStatus 7: an unsupported value or parameter was passed to the function",
            Assert.Throws<CudaException>(() => status.ThrowIfFailed()).Message);
        Assert.Equal("CublasLtApi.cublasLtCreate(out _): cublasStatus 1: the library was not initialized",
            Assert.Throws<CudaException>(() => CublasLtApi.cublasLtCreate(out _).ThrowIfFailed()).Message);
    });
}
