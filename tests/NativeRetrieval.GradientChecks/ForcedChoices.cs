using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Backend;

namespace NativeRetrieval.GradientChecks;

/// <summary>Choices among the ways to compute float32 products and convolutions, taken for all of them at once.</summary>
public static class ForcedChoices
{
    /// <summary>
    /// Computes packed convolutions by transforms wherever that is among the ways, or nowhere, from now on; null: the faster way.
    /// </summary>
    public static void Transform(CudaDevice device, bool? transforms) => ((CudaBackend)device.Backend).Transforms = transforms;

    /// <summary>Takes the same kind of way for each product and convolution that a device has computed, from now on.</summary>
    /// <param name="split">
    /// True takes three TF32 products of split operands wherever that is among the ways, false the library's first proposal.
    /// </param>
    public static void Take(CudaDevice device, bool split)
    {
        var backend = (CudaBackend)device.Backend;
        foreach (var (shape, algorithms) in backend.Products.Products())
            if (algorithms > 0) backend.Products.Force(shape, split ? algorithms - 1 : 0);
        foreach (var (direction, shape) in backend.Convolutions.Convolutions())
        {
            var algorithms = backend.Convolutions.Algorithms(direction, shape);
            backend.Convolutions.Force(direction, shape, split ? algorithms[^1] : algorithms[0]);
        }
    }
}
