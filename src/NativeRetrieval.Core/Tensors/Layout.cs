namespace NativeRetrieval.Core.Tensors;

/// <summary>
/// The order of a tensor's elements in memory. Changing it is an explicit op, <c>Op.ToLayout</c>, at the two ends of an encoder.
/// </summary>
public enum Layout : byte
{
    /// <summary>Row-major; feature maps are NCHW. The interchange form and the only one with views.</summary>
    Contiguous,

    /// <summary>
    /// Feature maps [N, C, H, W] stored as [N, ⌈C/16⌉, H, W, 16]: one pixel's 16 channels fill a vector register.
    /// Channels past C always hold zero.
    /// </summary>
    NCHW16c,

    /// <summary>
    /// Feature maps [N, C, H, W] stored as [N, H, W, C], and kernels [O, I, k, k] as [O, k, k, I], the order that tensor-core convolutions
    /// read. CUDA's form between convolutions, and of kernels.
    /// </summary>
    NHWC,

    /// <summary>
    /// Kernels [O, I, k, k] stored as [⌈O/16⌉, I, k, k, 16], and weights of linear layers [O, I] as [⌈O/16⌉, I, 16]: the weights of 16
    /// outputs fill a vector register. The CPU's form of float32 kernels, and of linear weights that are not trained. Outputs past O
    /// always hold zero.
    /// </summary>
    OIHW16o,
}
