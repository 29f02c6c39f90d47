namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>What a handle's matrix products may do to float32.</summary>
[NativeName("cublasMath_t")]
internal enum CublasMathMode
{
    [NativeName("CUBLAS_DEFAULT_MATH")] Default = 0,
    [NativeName("CUBLAS_PEDANTIC_MATH")] Pedantic = 2,
    [NativeName("CUBLAS_TF32_TENSOR_OP_MATH")] Tf32TensorOp = 3,
}
