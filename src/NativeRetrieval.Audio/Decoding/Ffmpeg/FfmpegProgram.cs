using System.Diagnostics;

namespace NativeRetrieval.Audio.Decoding.Ffmpeg;

/// <summary>The program <c>ffmpeg</c>, where it is installed: it reads what no library here does (M4A, AAC, WMA, WavPack, …).</summary>
/// <param name="FullPath">The executable file.</param>
/// <param name="Patience">The time after which a process that gives nothing is ended.</param>
internal sealed record FfmpegProgram(string FullPath, TimeSpan Patience)
{
    public const string HowToInstall = "install ffmpeg (Debian, Ubuntu: apt-get install ffmpeg; macOS: brew install ffmpeg)";

    /// <summary>Bytes of the largest block that a process may allocate at once: far above what sound takes.</summary>
    const string LargestBlock = "268435456";

    /// <summary>The first one on the search path, or null.</summary>
    public static FfmpegProgram? Installed { get; } = Find() is { } path ? new(path, TimeSpan.FromMinutes(1)) : null;

    /// <summary>Starts a process that writes the first sound track of a file as Sun AU in float32 to its output.</summary>
    /// <remarks>It may read local files only, and no network.</remarks>
    public Process Start(string path) =>
        Run(path, "-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-threads", "1", "-c:a", "pcm_f32be", "-f", "au");

    /// <summary>Starts a process that writes a file's tags in the form FFMETADATA1 to its output.</summary>
    /// <remarks>It may read local files only, and no network.</remarks>
    public Process StartTags(string path) => Run(path, "-f", "ffmetadata");

    Process Run(string path, params string[] output)
    {
        var start = new ProcessStartInfo(FullPath,
            ["-nostdin", "-hide_banner", "-v", "error", "-max_alloc", LargestBlock,
             "-protocol_whitelist", "file", "-i", "file:" + Path.GetFullPath(path), .. output, "pipe:1"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        return Process.Start(start)!;
    }

    static string? Find()
    {
        string name = OperatingSystem.IsWindows() ? "ffmpeg.exe" : "ffmpeg";
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Where(Path.IsPathFullyQualified).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }
}
