using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Dropout(Tensor x, double probability, Philox stream, Tensor y)
    {
        bool planes = x.Shape.Length == 4 && x.Layout == Layout.Contiguous && x.Shape[1] > 1;
        if (planes)
            LaunchOver(x.Count, "dropout", Stored(x, "dropout_planes_f32", "dropout_planes_bf16"),
                Activations(x), Threshold(probability), KeptScale(probability), (long)stream.Seed, (long)stream.Stream,
                (long)stream.First, (long)stream.PerToken, StreamMoves,
                Activations(y), x.Count, x.Shape[1], checked(x.Shape[2] * x.Shape[3]));
        else
            Launch("dropout", Stored(x, "dropout_forward_f32", "dropout_forward_bf16"), Spread(x.Count, PackSize(x) * Block), Block, 0,
                Activations(x), Threshold(probability), KeptScale(probability), (long)stream.Seed, (long)stream.Stream,
                (long)stream.First, (long)stream.PerToken, StreamMoves,
                Activations(y), x.Count);
    }

    /// <summary>Numbers of 24 bits below this are dropped: the same comparison as on the CPU.</summary>
    static uint Threshold(double probability) => (uint)Math.Round(probability * (1 << 24));

    /// <summary>1/(1 − p), the factor of what is not dropped.</summary>
    static float KeptScale(double probability) => (float)(1 / (1 - probability));
}
