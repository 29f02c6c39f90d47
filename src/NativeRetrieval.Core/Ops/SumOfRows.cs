using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops
{
    public static partial class Op
    {
        /// <summary><c>yⱼ = Σᵢ xᵢⱼ</c>: a bias's gradient. Not recorded.</summary>
        /// <param name="x">[N, D], float32 or float64, contiguous.</param>
        /// <returns>[D].</returns>
        internal static Tensor SumOfRows(Tensor x)
        {
            Expect.Real(x);
            Expect.Contiguous(x);
            Shape.ExpectRank(x, 2, "[N, D]");
            var y = Tensor.Empty([x.Shape[1]], x.Device, x.DType);
            x.Backend.SumOfRows(x, y);
            return y;
        }
    }
}

namespace NativeRetrieval.Core.Backends
{
    internal partial interface IBackend
    {
        void SumOfRows(Tensor x, Tensor y);
    }
}
