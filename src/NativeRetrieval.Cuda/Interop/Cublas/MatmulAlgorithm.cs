using System.Runtime.CompilerServices;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>cuBLASLt's choice for one product: 64 bytes that mean something to the version that wrote them only.</summary>
[NativeName("cublasLtMatmulAlgo_t")]
internal struct MatmulAlgorithm
{
    [NativeName("data")] public Words Data;

    [InlineArray(8)]
    internal struct Words
    {
        ulong _first;
    }
}
