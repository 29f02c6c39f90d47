using NativeRetrieval.Audio.Decoding.Ffmpeg;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>A kind of sound files, and what reads it on this machine.</summary>
/// <param name="Name">The kind's usual name, such as <c>Ogg Vorbis</c>.</param>
/// <param name="Extensions">Usual endings of such files' names, lower-case, with their dot.</param>
/// <param name="ReadBy">The decoder that reads it here, such as <c>libsndfile</c>; null: none is installed.</param>
/// <param name="HowToInstall">What to install, or do, where <paramref name="ReadBy"/> is null; otherwise null.</param>
public sealed record SoundFormatSupport(string Name, IReadOnlyList<string> Extensions, string? ReadBy, string? HowToInstall);

/// <summary>The kinds of sound files that <see cref="AudioDecoder"/> knows.</summary>
public static class SoundFormats
{
    const string Convert = "convert them to WAV";

    static readonly Dictionary<string, SoundFormatSupport> _byExtension;

    static SoundFormats()
    {
        Supported = For(DecoderSet.Installed);
        _byExtension = Supported.SelectMany(format => format.Extensions, (format, extension) => (extension, format))
            .ToDictionary(pair => pair.extension, pair => pair.format, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>All kinds with what reads each on this machine.</summary>
    public static IReadOnlyList<SoundFormatSupport> Supported { get; }

    /// <summary>The kind that a file's name stands for by its extension; null where it is no sound's. The content may be another.</summary>
    public static SoundFormatSupport? Of(string path) => _byExtension.GetValueOrDefault(Path.GetExtension(path));

    internal static IReadOnlyList<SoundFormatSupport> For(DecoderSet decoders)
    {
        string? library = decoders.HasLibsndfile ? "libsndfile" : null, program = decoders.Ffmpeg is null ? null : "ffmpeg";
        return
        [
            Kind("WAV (PCM, float)", [".wav", ".wave", ".bwf", ".rf64"], "built in"),
            Kind("MP3", [".mp3", ".mp2", ".mpga"], "NLayer"),
            Kind("Ogg Vorbis", [".ogg", ".oga"], library ?? "NVorbis"),
            Kind("AIFF (PCM)", [".aiff", ".aif"], library ?? "NAudio"),
            Kind("FLAC", [".flac"], library ?? program),
            Kind("Opus", [".opus"], library ?? program),
            Kind("WAV in other encodings, AIFC, AU, CAF, Wave64", [".aifc", ".au", ".snd", ".caf", ".w64"], library ?? program),
            Kind("M4A, MP4, AAC", [".m4a", ".m4b", ".m4r", ".mp4", ".m4v", ".mov", ".3gp", ".3g2", ".aac"], program, isLibrarys: false),
            Kind("WMA", [".wma", ".wmv", ".asf"], program, isLibrarys: false),
            Kind("WavPack, Monkey's Audio, True Audio, Musepack", [".wv", ".ape", ".tta", ".mpc"], program, isLibrarys: false),
            Kind("AC-3, AMR, DSD, Speex", [".ac3", ".eac3", ".amr", ".dsf", ".dff", ".spx"], program, isLibrarys: false),
            Kind("video (Matroska, WebM, AVI, FLV, MPEG)",
                [".mkv", ".mka", ".webm", ".weba", ".avi", ".flv", ".mpg", ".mpeg", ".vob"], program, isLibrarys: false),
            new("RealAudio, DTS, MPEG-TS, Shorten, OptimFROG, TAK",
                [".ra", ".rm", ".dts", ".m2ts", ".mts", ".shn", ".ofr", ".tak"], null, Convert),
        ];

        static SoundFormatSupport Kind(string name, string[] extensions, string? readBy, bool isLibrarys = true) =>
            new(name, extensions, readBy, readBy is not null ? null : isLibrarys ? Libsndfile.HowToInstall : FfmpegProgram.HowToInstall);
    }
}
