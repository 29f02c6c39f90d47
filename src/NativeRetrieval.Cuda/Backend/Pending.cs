using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Core.Rng;
namespace NativeRetrieval.Cuda.Backend;
internal sealed partial class CudaBackend
{
    public void LogMel(Tensor waveform, Tensor? lengths, LogMelSettings settings, Tensor y) => throw new NotSupportedException();
    public void TopK(Tensor scores, Tensor values, Tensor indices) => throw new NotSupportedException();
    public void Attention(Tensor q, Tensor k, Tensor v, Tensor lengths, int heads, double dropoutProbability, Philox dropout, Tensor y, Tensor? weights) => throw new NotSupportedException();
    public void AttentionBackward(Tensor dy, Tensor q, Tensor k, Tensor v, Tensor lengths, Tensor weights, int heads, double dropoutProbability, Philox dropout, Tensor dq, Tensor dk, Tensor dv) => throw new NotSupportedException();
}
