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
