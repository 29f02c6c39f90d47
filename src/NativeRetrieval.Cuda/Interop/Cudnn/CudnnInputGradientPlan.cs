using System.Runtime.CompilerServices;

namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>An algorithm that cuDNN proposes for the gradient of a convolution's input, best first.</summary>
[NativeName("cudnnConvolutionBwdDataAlgoPerf_t")]
internal struct CudnnInputGradientPlan : ICudnnPlan
{
    [NativeName("algo")] public CudnnInputGradientAlgorithm Algorithm;
    [NativeName("status")] public CudnnStatus Status;
    [NativeName("time")] public float Milliseconds;
    [NativeName("memory")] public nuint WorkspaceBytes;
    [NativeName("determinism")] public CudnnDeterminism Determinism;
    [NativeName("mathType")] public CudnnMathType Math;
    [NativeName("reserved")] public Reserved Unused;

    readonly CudnnStatus ICudnnPlan.Status => Status;

    readonly CudnnDeterminism ICudnnPlan.Determinism => Determinism;

    readonly nuint ICudnnPlan.WorkspaceBytes => WorkspaceBytes;

    [InlineArray(3)]
    internal struct Reserved
    {
        int _first;
    }
}
