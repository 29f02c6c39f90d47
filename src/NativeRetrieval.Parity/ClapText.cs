using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;
using NativeRetrieval.Text;

namespace NativeRetrieval.Parity;

/// <summary>The text half of a CLAP, RoBERTa and the projection behind it, with formula weights of Hugging Face's names.</summary>
public sealed class ClapText : Module
{
    /// <param name="config">The encoder.</param>
    /// <param name="joint">Width of the embeddings.</param>
    /// <param name="dtype">Float32 or float64.</param>
    /// <param name="device">Where it computes; null: the CPU.</param>
    /// <param name="seed">Seed of the set of golden files.</param>
    public ClapText(RobertaConfig config, int joint, DType dtype, Device? device = null, int seed = 0)
    {
        Encoder = Child("text_model", new BertEncoder(config, device ?? CpuDevice.Shared, random: null, dtype));
        Head = Child("text_projection", new ProjectionHead(config.Width, joint, joint, device ?? CpuDevice.Shared, random: null, dtype));
        ClapNames.Fill(this, seed);
    }

    /// <summary>The encoder.</summary>
    public BertEncoder Encoder { get; }

    /// <summary>The projection to the joint space.</summary>
    public ProjectionHead Head { get; }

    /// <summary>Unit vectors of sentences, [N, joint].</summary>
    public Tensor Embed(TokenBatch batch, TrainingPass? pass) => Op.L2Normalize(Head.Forward(Encoder.Forward(batch, pass)));
}
