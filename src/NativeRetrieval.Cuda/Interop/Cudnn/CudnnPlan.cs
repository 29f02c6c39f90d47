using System.Runtime.CompilerServices;

namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>An algorithm that cuDNN proposes for one direction of a convolution. The three directions share this layout.</summary>
[NativeName("{0}Perf_t")]
internal struct CudnnPlan<TAlgorithm> where TAlgorithm : unmanaged, Enum
{
    [NativeName("algo")] public TAlgorithm Algorithm;
    [NativeName("status")] public CudnnStatus Status;
    [NativeName("time")] public float Milliseconds;
    [NativeName("memory")] public nuint WorkspaceBytes;
    [NativeName("determinism")] public CudnnDeterminism Determinism;
    [NativeName("mathType")] public CudnnMathType Math;
    [NativeName("reserved")] public Reserved Unused;

    [InlineArray(3)]
    internal struct Reserved
    {
        int _first;
    }
}

/// <summary>Algorithms of a convolution.</summary>
[NativeName("cudnnConvolutionFwdAlgo_t")]
internal enum CudnnForwardAlgorithm
{
    [NativeName("CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM")] ImplicitGemm = 0,
    [NativeName("CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM")] ImplicitPrecomputedGemm = 1,
    [NativeName("CUDNN_CONVOLUTION_FWD_ALGO_GEMM")] Gemm = 2,
    [NativeName("CUDNN_CONVOLUTION_FWD_ALGO_DIRECT")] Direct = 3,
    [NativeName("CUDNN_CONVOLUTION_FWD_ALGO_FFT")] Fft = 4,
    [NativeName("CUDNN_CONVOLUTION_FWD_ALGO_FFT_TILING")] FftTiling = 5,
    [NativeName("CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD")] Winograd = 6,
    [NativeName("CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED")] WinogradNonfused = 7,
}

/// <summary>Algorithms of a convolution's input gradient. Algorithm 0 adds atomically: its sums differ from run to run.</summary>
[NativeName("cudnnConvolutionBwdDataAlgo_t")]
internal enum CudnnInputGradientAlgorithm
{
    [NativeName("CUDNN_CONVOLUTION_BWD_DATA_ALGO_0")] Algorithm0 = 0,
    [NativeName("CUDNN_CONVOLUTION_BWD_DATA_ALGO_1")] Algorithm1 = 1,
    [NativeName("CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT")] Fft = 2,
    [NativeName("CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT_TILING")] FftTiling = 3,
    [NativeName("CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD")] Winograd = 4,
    [NativeName("CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD_NONFUSED")] WinogradNonfused = 5,
}

/// <summary>Algorithms of a convolution's filter gradient. Algorithms 0 and 3 add atomically: their sums differ from run to run.</summary>
[NativeName("cudnnConvolutionBwdFilterAlgo_t")]
internal enum CudnnFilterGradientAlgorithm
{
    [NativeName("CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0")] Algorithm0 = 0,
    [NativeName("CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1")] Algorithm1 = 1,
    [NativeName("CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT")] Fft = 2,
    [NativeName("CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3")] Algorithm3 = 3,
    [NativeName("CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD")] Winograd = 4,
    [NativeName("CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD_NONFUSED")] WinogradNonfused = 5,
    [NativeName("CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT_TILING")] FftTiling = 6,
}

/// <summary>The promise of an algorithm to give the same bits in every run.</summary>
[NativeName("cudnnDeterminism_t")]
internal enum CudnnDeterminism
{
    [NativeName("CUDNN_NON_DETERMINISTIC")] NonDeterministic = 0,
    [NativeName("CUDNN_DETERMINISTIC")] Deterministic = 1,
}
