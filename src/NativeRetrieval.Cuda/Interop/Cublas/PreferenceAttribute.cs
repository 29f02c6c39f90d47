namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>What the heuristic may choose. A fresh preference allows no workspace and expects 256-byte alignment: set both.</summary>
[NativeName("cublasLtMatmulPreferenceAttributes_t")]
internal enum PreferenceAttribute
{
    [NativeName("CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES")] MaxWorkspaceBytes = 1,
    [NativeName("CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES")] MinAlignmentABytes = 5,
    [NativeName("CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES")] MinAlignmentBBytes = 6,
    [NativeName("CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES")] MinAlignmentCBytes = 7,
    [NativeName("CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES")] MinAlignmentDBytes = 8,
}
