using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Tests.Decoding;

public sealed class LibsndfileTests
{
    const int SampleRateHz = 48000, Frames = 48000;

    [Theory]
    [InlineData("FLAC", SndfileWriter.Flac16, 100)]
    [InlineData("AIFF", SndfileWriter.Aiff16, 100)]
    [InlineData("big-endian WAV", SndfileWriter.BigEndianWav, 100)]
    [InlineData("mu-law WAV", SndfileWriter.MuLawWav, 30)]
    [InlineData("ADPCM WAV", SndfileWriter.AdpcmWav, 20)]
    [InlineData("Ogg Vorbis", SndfileWriter.OggVorbis, 20)]
    [InlineData("Ogg Opus", SndfileWriter.OggOpus, 20)]
    public void A_tone_survives(string name, int format, double signalToErrorDb)
    {
        SkipWithoutLibrary();
        using var folder = new TemporaryFolder();
        string path = folder["tone"];
        float[] tone = Tone();
        if (!SndfileWriter.TryWrite(path, format, SampleRateHz, 2, tone)) Assert.Skip($"this libsndfile does not write {name}");
        float[] decoded = Decode.All(path);
        Assert.InRange(decoded.Length, tone.Length, tone.Length + 2 * 4096);
        double error = 0, signal = 0;
        for (int i = 2000; i < tone.Length - 2000; i++)
        {
            error += Math.Pow(decoded[i] - tone[i], 2);
            signal += Math.Pow(tone[i], 2);
        }
        Assert.True(10 * Math.Log10(signal / error) >= Math.Min(signalToErrorDb, 80), $"{name}: {10 * Math.Log10(signal / error):F1} dB");
    }

    [Fact]
    public void MP3_is_decoded_at_its_rate()
    {
        SkipWithoutLibrary();
        using var folder = new TemporaryFolder();
        string path = folder["tone.mp3"];
        if (!SndfileWriter.TryWrite(path, SndfileWriter.Mp3, SampleRateHz, 2, Tone())) Assert.Skip("this libsndfile does not write MP3");
        using IAudioStream stream = AudioDecoder.Open(path);
        Assert.Equal((SampleRateHz, 2), (stream.SampleRateHz, stream.Channels));
        Assert.InRange(Decode.All(path).Length, 2 * Frames, 2 * (Frames + 4096));
    }

    [Fact]
    public void WAV_files_written_by_others_decode_as_libsndfile_decodes_them()
    {
        SkipWithoutLibrary();
        using var folder = new TemporaryFolder();
        foreach (int subtype in (int[])[2, 3, 4, 5, 6, 7])           // PCM 16, 24, 32, unsigned 8; float, double
            foreach (int container in (int[])[0x010000, 0x130000, 0x220000])    // WAV, WAVEX, RF64
            {
                string path = folder[$"{container:x}-{subtype}.wav"];
                Assert.True(SndfileWriter.TryWrite(path, container | subtype, SampleRateHz, 2, Tone()));
                using IAudioStream managed = AudioDecoder.Open(path), native = LibsndfileStream.Open(path, File.OpenRead(path), null);
                Assert.IsType<WavStream>(managed);
                Assert.Equal((native.LengthFrames, native.Channels, native.SampleRateHz),
                    (managed.LengthFrames, managed.Channels, managed.SampleRateHz));
                var (ours, theirs) = (new float[2 * Frames], new float[2 * Frames]);
                Assert.Equal(Frames, managed.Read(ours));
                Assert.Equal(Frames, native.Read(theirs));
                Assert.Equal(theirs, ours);
            }
    }

    [Fact]
    public void A_damaged_FLAC_file_is_one_clear_error()
    {
        SkipWithoutLibrary();
        using var folder = new TemporaryFolder();
        string path = folder["damaged.flac"];
        Assert.True(SndfileWriter.TryWrite(path, SndfileWriter.Flac16, SampleRateHz, 2, Tone()));
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..20]);
        var error = Assert.Throws<AudioDecodeException>(() => Decode.All(path));
        Assert.Contains("FLAC", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fLaC", "is FLAC; decoding it takes libsndfile")]
    [InlineData("OggS", "is Ogg")]
    [InlineData("ID3", "is MP3")]
    [InlineData("FORM", "is AIFF")]
    [InlineData("hello", "is not a WAV file")]
    public void Without_the_library_the_message_names_format_and_package(string magic, string expected)
    {
        string message = LibsndfileStream.LibraryAbsent("a.bin", SoundFormat.NameOf(System.Text.Encoding.ASCII.GetBytes(magic))).Message;
        Assert.StartsWith("a.bin: " + expected, message, StringComparison.Ordinal);
        Assert.Contains("apt-get install libsndfile1", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_real_clips_decode_to_five_seconds()
    {
        SkipWithoutLibrary();
        if (Fixtures.Shared("data/esc/audio") is not { } clips) { Assert.Skip(Fixtures.WhyAbsent("data/esc/audio")); return; }
        foreach (string clip in Directory.EnumerateFiles(clips, "*.ogg").Order(StringComparer.Ordinal).Take(5))
            Assert.InRange(MonoReader.ReadAll(clip, 32000).Length, 159_900, 160_100);
    }

    static void SkipWithoutLibrary()
    {
        if (!Libsndfile.IsAvailable) Assert.Skip($"libsndfile is absent: {Libsndfile.HowToInstall}");
    }

    static float[] Tone()
    {
        var samples = new float[2 * Frames];
        for (int i = 0; i < Frames; i++)
        {
            samples[2 * i] = 0.5f * MathF.Sin(2 * MathF.PI * 440 / SampleRateHz * i);
            samples[2 * i + 1] = 0.25f * MathF.Sin(2 * MathF.PI * 1000 / SampleRateHz * i);
        }
        return samples;
    }
}
