using System.Text.Json;
using System.Text.Json.Nodes;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Encoders;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>
/// Writes a BERT as Hugging Face lays it out, with sentence-transformers' pooling file where a sentence is the mean of its tokens.
/// </summary>
static class TextTarget
{
    static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    /// <returns>The kind of folder.</returns>
    public static string Write(ConversionDraft draft)
    {
        draft.RefuseOptions(audio: false, text: true);
        string tokenizer = TokenizerFiles.Find(draft.Request.Vocabulary, draft.Request.Checkpoint);
        bool declared = draft.Surroundings is { } beside && File.Exists(Path.Combine(beside, "config.json"));
        var config = draft.TextConfig(declared ? BertFolder.ReadConfig(draft.Surroundings!) : null, strict: true);
        TokenizerFiles.Read(tokenizer, config.VocabularySize);
        TokenizerFiles.Copy(tokenizer, draft.Folder);
        DurableFile.WriteAllText(Path.Combine(draft.Folder, "config.json"), config.ToJson().ToJsonString(_indented) + "\n");
        if (config.Pooling == TextPooling.Mean) WritePooling(Path.Combine(draft.Folder, "1_Pooling"), config.Width);
        SafetensorsWriter.Write(Path.Combine(draft.Folder, "model.safetensors"), draft.Items, draft.Metadata);
        draft.WriteChecksums();
        return ConversionReport.TextEncoder;
    }

    static void WritePooling(string folder, int width)
    {
        DurableFile.CreateFolder(folder);
        var json = new JsonObject
        {
            ["word_embedding_dimension"] = width,
            ["pooling_mode_cls_token"] = false,
            ["pooling_mode_mean_tokens"] = true,
            ["pooling_mode_max_tokens"] = false,
            ["pooling_mode_mean_sqrt_len_tokens"] = false,
        };
        DurableFile.WriteAllText(Path.Combine(folder, "config.json"), json.ToJsonString(_indented) + "\n");
    }
}
