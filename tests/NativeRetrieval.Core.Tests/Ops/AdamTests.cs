using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Ops;

public sealed class AdamTests
{
    [Fact]
    public void A_scale_that_is_not_of_ClipScale_is_refused()
    {
        using var scope = TensorScope.Begin();
        var one = Tensor.Zeros([3], CpuDevice.Shared);
        var slot = new AdamSlot(one, Tensor.ZerosLike(one), Tensor.ZerosLike(one), Tensor.ZerosLike(one));
        foreach (var scale in (Tensor[])[Tensor.Zeros([2], CpuDevice.Shared), Tensor.Zeros([1], CpuDevice.Shared, DType.Float64)])
            Assert.Contains("as ClipScale gives it", Assert.Throws<ShapeException>(() => Op.Adam([slot], new(0.1, 1), scale)).Message);
    }
}
