using static NativeRetrieval.Cuda.Interop.Cublas.CublasLtApi;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>The limits within which the heuristic chooses an algorithm.</summary>
[NativeName("cublasLtMatmulPreference_t")]
internal sealed class PreferenceHandle(nint value) : NativeHandle(value, owns: true)
{
    /// <param name="workspaceBytes">The most workspace that a product may use; a fresh preference says 0.</param>
    /// <param name="alignmentBytes">A power of two that divides the addresses of all four matrices; a fresh preference says 256.</param>
    public static PreferenceHandle Create(long workspaceBytes, int alignmentBytes)
    {
        cublasLtMatmulPreferenceCreate(out nint value).ThrowIfFailed();
        var preference = new PreferenceHandle(value);
        preference.Set(PreferenceAttribute.MaxWorkspaceBytes, workspaceBytes);
        preference.Set(PreferenceAttribute.MinAlignmentABytes, alignmentBytes);
        preference.Set(PreferenceAttribute.MinAlignmentBBytes, alignmentBytes);
        preference.Set(PreferenceAttribute.MinAlignmentCBytes, alignmentBytes);
        preference.Set(PreferenceAttribute.MinAlignmentDBytes, alignmentBytes);
        return preference;
    }

    /// <typeparam name="T">A type of exactly the attribute's width.</typeparam>
    unsafe void Set<T>(PreferenceAttribute attribute, T value) where T : unmanaged
    {
        LtAttributes.RequireWidth(attribute.ToString(), LtAttributes.SizeBytes(attribute), sizeof(T));
        cublasLtMatmulPreferenceSetAttribute(this, attribute, &value, (nuint)sizeof(T))
            .ThrowIfFailed($"cublasLtMatmulPreferenceSetAttribute({attribute}, {value})");
    }

    protected override bool ReleaseHandle() => cublasLtMatmulPreferenceDestroy(handle) == CublasStatus.Success;
}

/// <summary>Attributes of a preference. A fresh one allows no workspace and expects 256-byte alignment: set both.</summary>
[NativeName("cublasLtMatmulPreferenceAttributes_t")]
internal enum PreferenceAttribute
{
    [NativeName("CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES")] MaxWorkspaceBytes = 1,
    [NativeName("CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES")] MinAlignmentABytes = 5,
    [NativeName("CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES")] MinAlignmentBBytes = 6,
    [NativeName("CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES")] MinAlignmentCBytes = 7,
    [NativeName("CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES")] MinAlignmentDBytes = 8,
}
