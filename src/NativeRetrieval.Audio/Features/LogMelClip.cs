namespace NativeRetrieval.Audio.Features;

/// <summary>The log-mel spectrogram of one clip.</summary>
/// <param name="Values">[Frames, MelBins] in dB, float32.</param>
/// <param name="Samples">Length of the clip at the settings' sample rate, before short ones were padded.</param>
public sealed record LogMelClip(float[] Values, int Frames, int MelBins, int Samples)
{
    /// <summary>The defect of the sound file that decoding got past, as <see cref="Decoding.IAudioStream.Defect"/>; or null.</summary>
    public string? Defect { get; init; }
}
