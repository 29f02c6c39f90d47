using System.Diagnostics;

namespace NativeRetrieval.Audio.Decoding.Ffmpeg;

/// <summary>
/// The <c>ffmpeg</c> program, where it is installed: it reads what no library here does (M4A, AAC, WMA, WavPack, video, …).
/// </summary>
internal static class FfmpegProgram
{
    public const string HowToInstall = "install ffmpeg (Debian, Ubuntu: apt-get install ffmpeg; macOS: brew install ffmpeg)";

    static readonly Lazy<string?> _path = new(Find);

    /// <summary>The program's full path, or null.</summary>
    public static string? Path => _path.Value;

    /// <summary>
    /// A process that writes the first sound track of a file as Sun AU in float32 to its output. It may read that one file, nothing else,
    /// and no network.
    /// </summary>
    public static ProcessStartInfo Decode(string path)
    {
        string full = System.IO.Path.GetFullPath(path);
        return new ProcessStartInfo(Path!,
            ["-nostdin", "-hide_banner", "-v", "error", "-protocol_whitelist", "file", "-i", "file:" + full,
             "-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-threads", "1", "-c:a", "pcm_f32be", "-f", "au", "pipe:1"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
    }

    static string? Find()
    {
        string name = OperatingSystem.IsWindows() ? "ffmpeg.exe" : "ffmpeg";
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Where(System.IO.Path.IsPathFullyQualified).Select(folder => System.IO.Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }
}
