using static NativeRetrieval.Cuda.Interop.Cublas.CublasLtApi;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>What the heuristic may use.</summary>
[NativeName("cublasLtMatmulPreference_t")]
internal sealed class PreferenceHandle(nint value) : NativeHandle(value, owns: true)
{
    /// <param name="workspaceBytes">The most that a product may use; a fresh preference says 0.</param>
    /// <param name="alignmentBytes">What all four matrices' addresses are multiples of; a fresh preference says 256.</param>
    public static PreferenceHandle Create(long workspaceBytes, int alignmentBytes)
    {
        cublasLtMatmulPreferenceCreate(out nint value).ThrowIfFailed();
        var preference = new PreferenceHandle(value);
        preference.Set(PreferenceAttribute.MaxWorkspaceBytes, workspaceBytes);
        foreach (var matrix in (PreferenceAttribute[])[PreferenceAttribute.MinAlignmentABytes, PreferenceAttribute.MinAlignmentBBytes, PreferenceAttribute.MinAlignmentCBytes, PreferenceAttribute.MinAlignmentDBytes])
            preference.Set(matrix, alignmentBytes);
        return preference;
    }

    /// <typeparam name="T">Of exactly the attribute's width.</typeparam>
    unsafe void Set<T>(PreferenceAttribute attribute, T value) where T : unmanaged
    {
        LtAttributes.RequireWidth(attribute.ToString(), LtAttributes.SizeBytes(attribute), sizeof(T));
        cublasLtMatmulPreferenceSetAttribute(this, attribute, &value, (nuint)sizeof(T)).ThrowIfFailed($"cublasLtMatmulPreferenceSetAttribute({attribute}, {value})");
    }

    protected override bool ReleaseHandle() => cublasLtMatmulPreferenceDestroy(handle) == CublasStatus.Success;
}

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
