using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Cublas;
using NativeRetrieval.Cuda.Interop.Libraries;

namespace NativeRetrieval.Cuda.Tests.Libraries;

/// <summary>NVIDIA's own cuBLAS without a GPU: what only describes a matrix product works and checks its arguments.</summary>
public class RealCublasTests
{
    [Fact]
    public async Task Descriptors_are_taken_by_the_real_library()
    {
        string? folder = CudaTestLibraries.Folder(CudaTestLibraries.Cublas);
        Assert.SkipWhen(folder is null, CudaTestLibraries.WhyAbsent(CudaTestLibraries.Cublas));
        await ChildRun.PassesAsync(typeof(Library), folder);
    }

    /// <summary>Run by <see cref="Descriptors_are_taken_by_the_real_library"/>.</summary>
    public unsafe class Library
    {
        [Fact(Explicit = true)]
        public void It_is_found_with_its_companion_and_version()
        {
            var found = CudaLibraries.Require(LibraryFamily.Cublas);
            Assert.Equal(new Version(12, 4, 5), found.Version!.Own);
            Assert.Equal(["libcublasLt"], found.Companions.Keys);
        }

        [Fact(Explicit = true)]
        public void Every_attribute_of_a_product_is_taken()
        {
            using var product = MatmulHandle.Create(CublasComputeType.Float32, CudaDataType.Float32);
            foreach (var attribute in Enum.GetValues<MatmulAttribute>())
            {
                if (LtAttributes.SizeBytes(attribute) == 8) product.Set(attribute, 0L);
                else product.Set(attribute, attribute == MatmulAttribute.Epilogue ? (int)Epilogue.GeluAuxBias : 0);
            }
        }

        [Fact(Explicit = true)]
        public void Layouts_and_preferences_are_taken()
        {
            using var layout = MatrixLayoutHandle.Create(CudaDataType.BFloat16, 768, 512, 768);
            layout.Set(LayoutAttribute.Order, MatrixOrder.Column);
            layout.Set(LayoutAttribute.BatchCount, 12);
            layout.Set(LayoutAttribute.BatchStride, 768L * 512);
            using var preference = PreferenceHandle.Create(32 << 20, 16);
        }

        [Fact(Explicit = true)]
        public void A_wrong_width_is_refused_here_and_there()
        {
            using var product = MatmulHandle.Create(CublasComputeType.Float32, CudaDataType.Float32);
            Assert.Contains("Epilogue takes 4 bytes, got 8", Assert.Throws<ArgumentException>(() => product.Set(MatmulAttribute.Epilogue, 1L)).Message);
            long wide = 1;
            var status = CublasLtApi.cublasLtMatmulDescSetAttribute(product, MatmulAttribute.BiasPointer, &wide, 4);
            var error = Assert.Throws<CudaException>(() => status.ThrowIfFailed());
            Assert.Equal("status: cublasStatus 7: an unsupported value or parameter was passed to the function", error.Message);
        }

        [Fact(Explicit = true)]
        public void A_handle_needs_a_GPU() =>
            Assert.Equal("CublasApi.cublasCreate_v2(out _): cublasStatus 1: the library was not initialized", Assert.Throws<CudaException>(() => CublasApi.cublasCreate_v2(out _).ThrowIfFailed()).Message);
    }
}
