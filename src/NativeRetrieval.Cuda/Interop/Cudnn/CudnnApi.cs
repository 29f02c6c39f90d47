using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Interop.Libraries;

namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>
/// Functions of libcudnn.so.9, the shim that forwards to its sub-libraries. For convolutions they are those that NVIDIA calls
/// legacy: in version 9 they wrap its graphs and choose the same kernels.
/// </summary>
internal static unsafe partial class CudnnApi
{
    public const string Library = CudaLibraries.Cudnn;

    static CudnnApi() => CudaLibraries.ConnectImports();

    [LibraryImport(Library)] public static partial byte* cudnnGetErrorString(CudnnStatus status);

    [LibraryImport(Library)] public static partial void cudnnGetLastErrorString(byte* message, nuint bytes);

    [LibraryImport(Library)] public static partial CudnnStatus cudnnCreate(out nint handle);

    [LibraryImport(Library)] public static partial CudnnStatus cudnnDestroy(nint handle);

    [LibraryImport(Library)] public static partial CudnnStatus cudnnSetStream(CudnnHandle handle, StreamHandle stream);

    [LibraryImport(Library)] public static partial CudnnStatus cudnnCreateTensorDescriptor(out nint tensor);

    [LibraryImport(Library)] public static partial CudnnStatus cudnnDestroyTensorDescriptor(nint tensor);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnSetTensor4dDescriptor(
        TensorHandle tensor, CudnnTensorFormat format, CudnnDataType type, int n, int c, int h, int w);

    [LibraryImport(Library)] public static partial CudnnStatus cudnnCreateFilterDescriptor(out nint filter);

    [LibraryImport(Library)] public static partial CudnnStatus cudnnDestroyFilterDescriptor(nint filter);

    /// <summary>Type before format, unlike a tensor's.</summary>
    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnSetFilter4dDescriptor(
        FilterHandle filter, CudnnDataType type, CudnnTensorFormat format, int k, int c, int h, int w);

    [LibraryImport(Library)] public static partial CudnnStatus cudnnCreateConvolutionDescriptor(out nint convolution);

    [LibraryImport(Library)] public static partial CudnnStatus cudnnDestroyConvolutionDescriptor(nint convolution);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnSetConvolution2dDescriptor(
        ConvolutionHandle convolution, int padH, int padW, int strideH, int strideW, int dilationH, int dilationW,
        CudnnConvolutionMode mode, CudnnDataType compute);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnSetConvolutionMathType(ConvolutionHandle convolution, CudnnMathType math);

    [LibraryImport(Library)] public static partial CudnnStatus cudnnCreateActivationDescriptor(out nint activation);

    [LibraryImport(Library)] public static partial CudnnStatus cudnnDestroyActivationDescriptor(nint activation);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnSetActivationDescriptor(
        ActivationHandle activation, CudnnActivationMode mode, CudnnNanPropagation nan, double coefficient);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnGetConvolutionForwardAlgorithm_v7(
        CudnnHandle handle, TensorHandle x, FilterHandle w, ConvolutionHandle convolution, TensorHandle y, int requested,
        out int returned, CudnnPlan<CudnnForwardAlgorithm>* plans);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnGetConvolutionForwardWorkspaceSize(
        CudnnHandle handle, TensorHandle x, FilterHandle w, ConvolutionHandle convolution, TensorHandle y,
        CudnnForwardAlgorithm algorithm, out nuint bytes);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnConvolutionForward(
        CudnnHandle handle, void* alpha, TensorHandle describeX, nint x, FilterHandle describeW, nint w, ConvolutionHandle convolution,
        CudnnForwardAlgorithm algorithm, nint workspace, nuint workspaceBytes, void* beta, TensorHandle describeY, nint y);

    /// <summary>y = activation(α₁·conv(x) + α₂·z + bias).</summary>
    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnConvolutionBiasActivationForward(
        CudnnHandle handle, void* alpha1, TensorHandle describeX, nint x, FilterHandle describeW, nint w, ConvolutionHandle convolution,
        CudnnForwardAlgorithm algorithm, nint workspace, nuint workspaceBytes, void* alpha2, TensorHandle describeZ, nint z,
        TensorHandle describeBias, nint bias, ActivationHandle activation, TensorHandle describeY, nint y);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnGetConvolutionBackwardDataAlgorithm_v7(
        CudnnHandle handle, FilterHandle w, TensorHandle dy, ConvolutionHandle convolution, TensorHandle dx, int requested,
        out int returned, CudnnPlan<CudnnInputGradientAlgorithm>* plans);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnConvolutionBackwardData(
        CudnnHandle handle, void* alpha, FilterHandle describeW, nint w, TensorHandle describeDy, nint dy, ConvolutionHandle convolution,
        CudnnInputGradientAlgorithm algorithm, nint workspace, nuint workspaceBytes, void* beta, TensorHandle describeDx, nint dx);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnGetConvolutionBackwardFilterAlgorithm_v7(
        CudnnHandle handle, TensorHandle x, TensorHandle dy, ConvolutionHandle convolution, FilterHandle dw, int requested,
        out int returned, CudnnPlan<CudnnFilterGradientAlgorithm>* plans);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnConvolutionBackwardFilter(
        CudnnHandle handle, void* alpha, TensorHandle describeX, nint x, TensorHandle describeDy, nint dy, ConvolutionHandle convolution,
        CudnnFilterGradientAlgorithm algorithm, nint workspace, nuint workspaceBytes, void* beta, FilterHandle describeDw, nint dw);
}
