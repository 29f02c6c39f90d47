using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void FirstToken(Tensor x, Tensor y) => PoolTokens(x, null, y);

    public void FirstTokenBackward(Tensor dy, Tensor dx) => PoolTokensBackward(dy, null, dx);
}
