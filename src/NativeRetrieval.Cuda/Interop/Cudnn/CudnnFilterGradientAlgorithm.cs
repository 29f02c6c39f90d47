namespace NativeRetrieval.Cuda.Interop.Cudnn;

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
