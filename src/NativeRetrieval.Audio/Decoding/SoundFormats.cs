using NativeRetrieval.Audio.Decoding.Ffmpeg;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>A kind of sound files, and what reads it on this machine.</summary>
/// <param name="Name">The kind's usual name, such as <c>Ogg Vorbis</c>.</param>
/// <param name="Extensions">Usual endings of such files' names, lower-case, with their dot.</param>
/// <param name="ReadBy">The decoder that reads it here, such as <c>libsndfile</c>; null: none is installed.</param>
/// <param name="HowToInstall">What to install where <paramref name="ReadBy"/> is null; otherwise null.</param>
public sealed record SoundFormatSupport(string Name, IReadOnlyList<string> Extensions, string? ReadBy, string? HowToInstall);

/// <summary>The kinds of sound files that <see cref="AudioDecoder"/> knows.</summary>
public static class SoundFormats
{
    /// <summary>All kinds with what reads each on this machine.</summary>
    public static IReadOnlyList<SoundFormatSupport> Supported { get; } = For(DecoderSet.Installed);

    internal static IReadOnlyList<SoundFormatSupport> For(DecoderSet decoders)
    {
        string? library = decoders.HasLibsndfile ? "libsndfile" : null, program = decoders.Ffmpeg is null ? null : "ffmpeg";
        return
        [
            Kind("WAV (PCM, float)", [".wav", ".wave"], "built in"),
            Kind("MP3", [".mp3", ".mp2"], "NLayer"),
            Kind("Ogg Vorbis", [".ogg", ".oga"], library ?? "NVorbis"),
            Kind("AIFF (PCM)", [".aiff", ".aif"], library ?? "NAudio"),
            Kind("FLAC", [".flac"], library ?? program),
            Kind("Opus", [".opus"], library ?? program),
            Kind("WAV in other encodings, AIFC, AU, CAF, Wave64", [".aifc", ".au", ".snd", ".caf", ".w64"], library ?? program),
            Kind("M4A, MP4, AAC", [".m4a", ".m4b", ".mp4", ".aac"], program, isLibrarys: false),
            Kind("WMA", [".wma"], program, isLibrarys: false),
            Kind("WavPack, Monkey's Audio, True Audio, Musepack", [".wv", ".ape", ".tta", ".mpc"], program, isLibrarys: false),
            Kind("AC-3, AMR, DSD", [".ac3", ".amr", ".dsf", ".dff"], program, isLibrarys: false),
            Kind("video (Matroska, WebM, AVI, FLV, MPEG)", [".mkv", ".mka", ".webm", ".avi", ".flv", ".mpg"], program, isLibrarys: false),
        ];

        static SoundFormatSupport Kind(string name, string[] extensions, string? readBy, bool isLibrarys = true) =>
            new(name, extensions, readBy, readBy is not null ? null : isLibrarys ? Libsndfile.HowToInstall : FfmpegProgram.HowToInstall);
    }
}
