namespace NativeRetrieval.Cuda.Interop.Cudnn;

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
