using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Core.Rng;
namespace NativeRetrieval.Cuda.Backend;
internal sealed partial class CudaBackend
{
    public void LogMel(Tensor waveform, Tensor? lengths, LogMelSettings settings, Tensor y) => throw new NotSupportedException();
}
