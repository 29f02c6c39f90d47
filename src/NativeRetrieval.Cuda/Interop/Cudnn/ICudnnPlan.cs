namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>What a choice among proposed algorithms looks at, whatever the direction of the convolution.</summary>
internal interface ICudnnPlan
{
    CudnnStatus Status { get; }

    CudnnDeterminism Determinism { get; }

    nuint WorkspaceBytes { get; }
}
