using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>A Philox block has four numbers.</summary>
    const int NumbersPerThread = 4;

    public void Dropout(Tensor x, double probability, Philox stream, Tensor y)
    {
        bool planes = x.Shape.Length == 4 && x.Layout == Layout.Contiguous && x.Shape[1] > 1;
        if (planes)
            LaunchOver(x.Count, "dropout", "dropout_planes_f32", F32(x), Threshold(probability), (float)(1 / (1 - probability)),
                (long)stream.Seed, (long)stream.Stream, StreamOffset, F32(y), x.Count, x.Shape[1],
                checked(x.Shape[2] * x.Shape[3]));
        else
            Launch("dropout", "dropout_forward_f32", Ceil(x.Count, NumbersPerThread * Block), Block, 0,
                F32(x), Threshold(probability), (float)(1 / (1 - probability)), (long)stream.Seed, (long)stream.Stream, StreamOffset,
                F32(y), x.Count);
    }

    /// <summary>Numbers of 24 bits below this are dropped: the same comparison as on the CPU.</summary>
    static uint Threshold(double probability) => (uint)Math.Round(probability * (1 << 24));
}
