namespace NativeRetrieval.Encoders;

/// <summary>The names that tensors of published BERT files have here.</summary>
internal static class BertNames
{
    const string Pooler = "pooler.";

    static readonly string[] Heads = ["cls.", "lm_head.", "classifier.", "qa_outputs."];

    /// <summary>
    /// Renaming from a file's names to an encoder's; null for a tensor that an encoder leaves out. Files of models with a head put the
    /// encoder under <c>bert.</c> or <c>roberta.</c>, and then all else is the head; files of the first years call the norms' parameters
    /// gamma and beta.
    /// </summary>
    public static Func<string, string?> Rename(IReadOnlyList<string> names, BertConfig config)
    {
        string prefix = config.Architecture.Key + ".";
        bool prefixed = names.Any(name => name.StartsWith(prefix, StringComparison.Ordinal));
        return name =>
        {
            if (prefixed && !name.StartsWith(prefix, StringComparison.Ordinal)) return null;
            if (prefixed) name = name[prefix.Length..];
            if (name is "embeddings.position_ids" or "embeddings.token_type_ids") return null;
            if (name.StartsWith(Pooler, StringComparison.Ordinal) && config.Pooling != TextPooling.Pooler) return null;
            if (Heads.Any(head => name.StartsWith(head, StringComparison.Ordinal))) return null;
            return name.EndsWith("LayerNorm.gamma", StringComparison.Ordinal) ? $"{name[..^"gamma".Length]}weight"
                : name.EndsWith("LayerNorm.beta", StringComparison.Ordinal) ? $"{name[..^"beta".Length]}bias"
                : name;
        };
    }
}
