using System.Runtime.CompilerServices;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>An algorithm that cuBLASLt proposes for a product; its list starts with the best.</summary>
[NativeName("cublasLtMatmulHeuristicResult_t")]
internal struct MatmulHeuristic
{
    [NativeName("algo")] public MatmulAlgorithm Algorithm;
    [NativeName("workspaceSize")] public nuint WorkspaceBytes;
    [NativeName("state")] public CublasStatus State;
    [NativeName("wavesCount")] public float Waves;
    [NativeName("reserved")] public Reserved Unused;

    [InlineArray(4)]
    internal struct Reserved
    {
        int _first;
    }
}

/// <summary>The choice of cuBLASLt for one product: 64 bytes that only the version that wrote them can read.</summary>
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
