namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>What is done to each element of D = op(A)·op(B) before it is stored. Rows and columns are those of column-major D: a bias has one entry per row.</summary>
[NativeName("cublasLtEpilogue_t")]
internal enum Epilogue
{
    [NativeName("CUBLASLT_EPILOGUE_DEFAULT")] Default = 1,
    [NativeName("CUBLASLT_EPILOGUE_RELU")] Relu = 2,
    [NativeName("CUBLASLT_EPILOGUE_BIAS")] Bias = 4,
    [NativeName("CUBLASLT_EPILOGUE_RELU_BIAS")] ReluBias = 6,
    [NativeName("CUBLASLT_EPILOGUE_GELU")] Gelu = 32,
    [NativeName("CUBLASLT_EPILOGUE_GELU_BIAS")] GeluBias = 36,
    [NativeName("CUBLASLT_EPILOGUE_GELU_AUX")] GeluAux = 160,
    [NativeName("CUBLASLT_EPILOGUE_GELU_AUX_BIAS")] GeluAuxBias = 164,
    [NativeName("CUBLASLT_EPILOGUE_DGELU")] GeluGradient = 192,
    [NativeName("CUBLASLT_EPILOGUE_DGELU_BGRAD")] GeluGradientBiasGradient = 208,
    [NativeName("CUBLASLT_EPILOGUE_BGRADA")] BiasGradientA = 256,
    [NativeName("CUBLASLT_EPILOGUE_BGRADB")] BiasGradientB = 512,
}
