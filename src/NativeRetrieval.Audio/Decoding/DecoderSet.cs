using NativeRetrieval.Audio.Decoding.Ffmpeg;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>The decoders that may be used beside the built-in ones.</summary>
/// <param name="HasLibsndfile">libsndfile decodes what it knows; otherwise managed code takes Ogg Vorbis and AIFF.</param>
/// <param name="Ffmpeg">The program for all other formats, or null.</param>
internal sealed record DecoderSet(bool HasLibsndfile, FfmpegProgram? Ffmpeg)
{
    /// <summary>Everything that is installed on this machine.</summary>
    public static DecoderSet Installed { get; } = new(Libsndfile.IsAvailable, FfmpegProgram.Installed);
}
