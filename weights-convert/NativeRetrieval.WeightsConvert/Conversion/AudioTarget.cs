using NativeRetrieval.Encoders;
using NativeRetrieval.Models;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>Writes the folder of an audio encoder alone.</summary>
static class AudioTarget
{
    /// <returns>The kind of folder.</returns>
    public static string Write(ConversionDraft draft)
    {
        draft.RefuseOptions(audio: true, text: false);
        var package = AudioSettings.Of(draft,
            draft.Declared(ModelJson.Default.AudioEncoderPackage, new(), config => config.Validate(), AudioEncoderPackage.Kind));
        AudioEncoderFolder.Write(draft.Folder, package, draft.Items, draft.Card("Audio encoder"), draft.Metadata);
        return ConversionReport.AudioEncoder;
    }
}
