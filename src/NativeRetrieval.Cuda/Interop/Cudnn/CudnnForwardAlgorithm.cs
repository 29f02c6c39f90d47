namespace NativeRetrieval.Cuda.Interop.Cudnn;

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
