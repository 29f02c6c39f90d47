using NativeRetrieval.Audio.Decoding.Ffmpeg;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>The kinds of sound files by the extensions of their names, and whether this machine can decode each.</summary>
public static class SoundKinds
{
    enum Decoder
    {
        BuiltIn,
        Library,
        Program,
        None,
    }

    static readonly Dictionary<string, Decoder> _kinds = new(StringComparer.OrdinalIgnoreCase);

    static SoundKinds()
    {
        Add(Decoder.BuiltIn, "wav", "wave", "bwf", "rf64", "ogg", "oga", "mp3", "mp2", "mpga", "aif", "aiff", "aifc");
        Add(Decoder.Library, "flac", "opus", "au", "snd", "caf", "w64");
        Add(Decoder.Program, "m4a", "m4b", "m4r", "aac", "wma", "wv", "ape", "tta", "mpc", "ac3", "eac3", "amr", "dsf", "dff", "mka", "spx",
            "mp4", "m4v", "mov", "3gp", "3g2", "mkv", "webm", "weba", "wmv", "asf", "avi", "flv", "mpg", "mpeg", "vob");
        Add(Decoder.None, "ra", "rm", "dts", "m2ts", "mts", "shn", "ofr", "tak");
    }

    /// <summary>All extensions that sound files have, lower-case and without the dot.</summary>
    public static IReadOnlyCollection<string> All => _kinds.Keys;

    /// <summary>The kind that a file's name stands for: its extension in lower case, without the dot; null for no sound.</summary>
    public static string? Of(string path) =>
        Path.GetExtension(path) is [_, .. var extension] && _kinds.ContainsKey(extension) ? extension.ToLowerInvariant() : null;

    /// <summary>True where a decoder for this kind is installed. A file of the kind may still be damaged.</summary>
    /// <param name="kind">One of <see cref="All"/>.</param>
    public static bool CanBeRead(string kind) => _kinds[kind] switch
    {
        Decoder.BuiltIn => true,
        Decoder.Library => Libsndfile.IsAvailable || FfmpegProgram.Path is not null,
        Decoder.Program => FfmpegProgram.Path is not null,
        _ => false,
    };

    /// <summary>The advice for a kind that cannot be read.</summary>
    /// <param name="kind">One of <see cref="All"/>.</param>
    public static string HowToRead(string kind) => _kinds[kind] switch
    {
        Decoder.Library => Libsndfile.HowToInstall,
        Decoder.Program => FfmpegProgram.HowToInstall,
        _ => "convert them to WAV",
    };

    static void Add(Decoder decoder, params ReadOnlySpan<string> extensions)
    {
        foreach (string extension in extensions) _kinds.Add(extension, decoder);
    }
}
