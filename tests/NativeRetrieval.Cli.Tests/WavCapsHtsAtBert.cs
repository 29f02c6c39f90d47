using NativeRetrieval.Core.Serialization;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.Cli.Tests;

/// <summary>
/// A narrow HTSAT-BERT with the names that WavCaps' file has, put together from two checkpoints: the audio encoder of LAION's with its
/// masks and heads of tags, and front end, norm over mel bins, text encoder, projections and divisor of WavCaps' CNN14-BERT.
/// </summary>
static class WavCapsHtsAtBert
{
    const string Laion = "state_dict.module.audio_branch.", Model = "model.", Audio = "model.audio_encoder.audio_enc.";
    const int AudioWidth = 64, Joint = 32, ImageSize = 256, PatchSize = 4, Window = 4;

    /// <returns>The file's path.</returns>
    public static string Write(string path, string laion, string cnn14Bert)
    {
        var items = new Dictionary<string, SafetensorsItem>(StringComparer.Ordinal);
        using (var file = CheckpointFile.Open(laion))
            foreach (var tensor in file.Tensors)
                if (tensor.Name.StartsWith(Laion, StringComparison.Ordinal)
                    && !tensor.Name.Contains("_extractor.", StringComparison.Ordinal))
                    Add(file, tensor, Audio + tensor.Name[Laion.Length..]);
        using (var file = CheckpointFile.Open(cnn14Bert))
            foreach (var tensor in file.Tensors)
                if (tensor.Name.StartsWith(Model, StringComparison.Ordinal)
                    && !tensor.Name.Contains(".conv_block", StringComparison.Ordinal))
                    Add(file, tensor, tensor.Name);
        // The projection takes another width, and masks are those of an image of 256 by 256.
        var random = new Random(1);
        items["model.audio_proj.0.weight"] = SafetensorsItem.Float32("model.audio_proj.0.weight", [Joint, AudioWidth],
            Enumerable.Range(0, Joint * AudioWidth).Select(_ => (random.NextSingle() - 0.5f) / 4).ToArray());
        for (int stage = 0; stage < 4; stage++)
        {
            string name = $"{Audio}layers.{stage}.blocks.1.attn_mask";
            int side = (ImageSize / PatchSize >> stage) / Window;
            items[name] = SafetensorsItem.Float32(name, [side * side, Window * Window, Window * Window],
                new float[side * side * Window * Window * Window * Window]);
        }
        SafetensorsWriter.Write(path, items.Values, null);
        return path;

        void Add(CheckpointFile file, CheckpointTensor tensor, string name)
        {
            using var stream = new MemoryStream();
            file.CopyTo(tensor, stream);
            items[name] = SafetensorsItem.FromBytes(name, tensor.DType, [.. tensor.Shape], stream.ToArray());
        }
    }
}
