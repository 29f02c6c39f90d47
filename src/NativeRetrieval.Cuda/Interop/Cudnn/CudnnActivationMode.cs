namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>What a fused convolution applies to its result.</summary>
[NativeName("cudnnActivationMode_t")]
internal enum CudnnActivationMode
{
    [NativeName("CUDNN_ACTIVATION_RELU")] Relu = 1,
    [NativeName("CUDNN_ACTIVATION_IDENTITY")] Identity = 5,
}
