using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace NativeRetrieval.TorchPeer.Workloads;

/// <summary>BERT (Devlin et al. 2019) without pooler, sentences that fill the width.</summary>
internal static class TextEncoder
{
    /// <param name="ids">int64 [B, S].</param>
    /// <param name="dropout">Share that training drops; 0 in evaluation.</param>
    /// <param name="gradients">True where they are asked for.</param>
    /// <returns>[B, width]: the vectors of first tokens.</returns>
    public static Tensor Bert(Weights weights, Tensor ids, int heads, double dropout, bool gradients = false)
    {
        using var none = gradients ? null : no_grad();
        var tables = weights.Below("embeddings");
        var words = tables["word_embeddings.weight"].index_select(0, ids.flatten()).view(ids.shape[0], ids.shape[1], -1);
        var x = words + tables["token_type_embeddings.weight"][0]
            + tables["position_embeddings.weight"][TensorIndex.Slice(0, ids.shape[1])];
        x = Dropped(tables.LayerNorm("LayerNorm", x), dropout);
        for (int i = 0; weights.Has($"encoder.layer.{i}.output.dense.weight"); i++)
            x = Layer(weights.Below($"encoder.layer.{i}"), x, heads, dropout);
        return x[TensorIndex.Colon, 0];
    }

    static Tensor Layer(Weights weights, Tensor x, int heads, double dropout)
    {
        long batch = x.shape[0], tokens = x.shape[1], width = x.shape[2];
        var attended = scaled_dot_product_attention(Head("query"), Head("key"), Head("value"), p: dropout);
        var y = weights.Linear("attention.output.dense", attended.transpose(1, 2).reshape(batch, tokens, width));
        x = weights.LayerNorm("attention.output.LayerNorm", Dropped(y, dropout) + x);
        y = weights.Linear("output.dense", gelu(weights.Linear("intermediate.dense", x)));
        return weights.LayerNorm("output.LayerNorm", Dropped(y, dropout) + x);

        Tensor Head(string name) =>
            weights.Linear($"attention.self.{name}", x).view(batch, tokens, heads, width / heads).transpose(1, 2);
    }

    static Tensor Dropped(Tensor x, double share) => share > 0 ? dropout(x, share) : x;
}
