using System.Runtime.InteropServices;

namespace NativeRetrieval.Audio.Tests.Decoding;

/// <summary>Writes compressed test files by the same libsndfile that reads them.</summary>
static partial class SndfileWriter
{
    public const int Flac16 = 0x170002, OggVorbis = 0x200060, OggOpus = 0x200064, Mp3 = 0x230082, Aiff16 = 0x020002, AdpcmWav = 0x010012,
        MuLawWav = 0x010010, BigEndianWav = 0x20010002;
    const int WriteMode = 0x20;

    [StructLayout(LayoutKind.Sequential)]
    struct Info
    {
        public long Frames;
        public int SampleRateHz, Channels, Format, Sections, Seekable;
    }

    [LibraryImport("libsndfile.so.1", EntryPoint = "sf_open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string path, int mode, ref Info info);

    [LibraryImport("libsndfile.so.1", EntryPoint = "sf_writef_float")]
    private static partial long Write(nint file, ref float interleaved, long frames);

    [LibraryImport("libsndfile.so.1", EntryPoint = "sf_close")]
    private static partial int Close(nint file);

    /// <summary>False where this build of libsndfile does not write <paramref name="format"/>.</summary>
    public static bool TryWrite(string path, int format, int sampleRateHz, int channels, float[] interleaved)
    {
        var info = new Info { SampleRateHz = sampleRateHz, Channels = channels, Format = format };
        nint file = Open(path, WriteMode, ref info);
        if (file == 0) return false;
        long frames = interleaved.Length / channels;
        long written = Write(file, ref interleaved[0], frames);
        return Close(file) == 0 && written == frames;
    }
}
