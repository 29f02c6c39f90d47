using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>An audio encoder's configuration and front end from the checkpoint's shapes, form and metadata.</summary>
static class AudioSettings
{
    /// <param name="declared">Settings recorded in the file by an export of this program; null: none.</param>
    /// <exception cref="CorruptFileException">No encoder can have these sizes, or the stored front end cannot be computed here.</exception>
    public static AudioEncoderPackage Of(ConversionDraft draft, AudioEncoderPackage? declared)
    {
        var (part, match) = draft.Audio;
        bool swin = part.Architecture.Name == HtsAtConfig.Key;
        var encoder = new JsonObject { ["type"] = part.Architecture.Name, ["mel_bins"] = match.Size("mel_bins") };
        if (!swin) encoder["channels"] = new JsonArray([.. part.Architecture.Widths.Select(width => (JsonNode)match.Size(width))]);
        if (declared is not null) encoder["dropout"] = declared.AudioEncoder.Dropout;
        string pooling = "";
        if (draft.Match.Map.PoolsBlock6 is { } usual)
        {
            bool pools = draft.Request.PoolBlock6 ?? (declared?.AudioEncoder as Cnn14Config)?.PoolBlock6 ?? usual;
            encoder["pool_block6"] = pools;
            pooling = $", block 6 pools {(pools ? "2x2" : "1x1")}";
        }
        else if (draft.Request.PoolBlock6 is not null)
        {
            throw new OptionException($"{draft.Match.Map.Name} has no block 6; --block6-pooling is for CNN14");
        }
        var logMel = draft.Request.FrontEnd is null && declared is not null ? declared.LogMel : draft.FrontEnd(match.Size("mel_bins"));
        var package = Read(draft.Request.Checkpoint, new JsonObject { ["audio_encoder"] = encoder }) with
        {
            LogMel = logMel,
            Resampler = declared?.Resampler ?? new AudioEncoderPackage().Resampler,
        };
        if (swin)
            package = package with
            {
                AudioEncoder = HtsAtSettings.Of(draft, part, match, declared?.AudioEncoder as HtsAtConfig ?? draft.ClapAudio()),
            };
        Validate(draft.Request.Checkpoint, package);
        string widths = package.AudioEncoder is ConvolutionalEncoderConfig { Channels: var channels }
            ? $"widths {string.Join(", ", channels)}" : $"{package.AudioEncoder.Width} wide";
        draft.Settings.Add(("audio encoder", $"{package.AudioEncoder.Name}, {widths}{pooling}"));
        draft.Settings.Add(("front end", string.Create(CultureInfo.InvariantCulture,
            $"{logMel.SampleRateHz} Hz, window {logMel.WindowSamples}, hop {logMel.HopSamples}, {logMel.MelBins} mel bins from "
                + $"{logMel.MinHz} to {logMel.MaxHz} Hz")));
        return package;
    }

    static AudioEncoderPackage Read(string path, JsonObject settings)
    {
        using var document = JsonDocument.Parse(settings.ToJsonString());
        return ModelConfigFile.Read(path, document.RootElement, ModelJson.Default.AudioEncoderPackage, new(), _ => { },
            AudioEncoderPackage.Kind);
    }

    static void Validate(string path, AudioEncoderPackage package)
    {
        try
        {
            package.Validate();
        }
        catch (OptionException e)
        {
            throw new CorruptFileException(path, e.Message, e);
        }
    }
}
