using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Tensors;
namespace NativeRetrieval.Cuda.Backend;
internal sealed partial class CudaBackend
{
    public void LogMel(Tensor waveform, Tensor? lengths, LogMelSettings settings, Tensor y) => throw new NotSupportedException();
    public void TopK(Tensor scores, Tensor values, Tensor indices) => throw new NotSupportedException();
}
