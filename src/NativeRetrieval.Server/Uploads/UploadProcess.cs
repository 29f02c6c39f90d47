using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Server.Sounds;

namespace NativeRetrieval.Server.Uploads;

/// <summary>
/// The process that decodes an upload, so that a hostile file can take down no more than it: memory and processor time are bounded by the
/// system, and it writes no file. Its standard output is one byte, 0 before mono float32 samples and 1 before a message.
/// </summary>
public static partial class UploadProcess
{
    /// <summary>The first argument by which a program knows that it is to be this process.</summary>
    public const string Command = "decode-upload";

    const int CpuSeconds = 0, FileSize = 1, Data = 2, CoreSize = 4;

    /// <summary>Decodes what the arguments name.</summary>
    /// <param name="args">Arguments behind <see cref="Command"/>, as the service gives them.</param>
    /// <returns>The exit code: 0 also for a file that is no sound.</returns>
    public static int Run(IReadOnlyList<string> args)
    {
        if (args is not [var path, var rate, var resampler, var start, var seconds, var cpuSeconds, var memory]) return 2;
        Limit(CpuSeconds, Number(cpuSeconds));
        Limit(Data, Number(memory));
        Limit(FileSize, 0);
        Limit(CoreSize, 0);
        using var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        try
        {
            float[] samples = Decode(path, int.Parse(rate, CultureInfo.InvariantCulture), ResamplerPreset.Parse(resampler),
                double.Parse(start, CultureInfo.InvariantCulture), double.Parse(seconds, CultureInfo.InvariantCulture));
            output.WriteByte(0);
            output.Write(MemoryMarshal.AsBytes(samples.AsSpan()));
            return 0;
        }
        catch (Exception error) when (error is NativeRetrievalException or OutOfMemoryException)
        {
            string message = error is OutOfMemoryException ? "it takes more memory than an upload may" : error.Message;
            output.Write([1, .. Encoding.UTF8.GetBytes(message.Replace(path, "the sound", StringComparison.Ordinal))]);
            return 0;
        }
    }

    static float[] Decode(string path, int sampleRateHz, ResamplerPreset resampler, double startSeconds, double seconds)
    {
        using var reader = MonoReader.Open(path, sampleRateHz, resampler);
        return StretchReader.Read(reader, path, startSeconds, seconds);
    }

    static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>Bounds what this process may take of something; where the system has no such bound, the service's clock is left.</summary>
    static void Limit(int resource, long most)
    {
        if (OperatingSystem.IsLinux()) _ = SetLimit(resource, new ResourceLimit((nuint)most, (nuint)most));
    }

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in ResourceLimit limit);

    readonly record struct ResourceLimit(nuint Soft, nuint Hard);
}
