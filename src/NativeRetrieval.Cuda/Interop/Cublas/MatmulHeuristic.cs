using System.Runtime.CompilerServices;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>An algorithm that cuBLASLt proposes, best first.</summary>
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
