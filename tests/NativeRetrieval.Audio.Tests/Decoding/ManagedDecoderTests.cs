using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Audio.Decoding.Ogg;

namespace NativeRetrieval.Audio.Tests.Decoding;

/// <summary>The decoders that stand in for libsndfile give what it gives.</summary>
public sealed class ManagedDecoderTests
{
    [Fact]
    public void Vorbis_samples_are_those_of_libsndfile()
    {
        Sounds.SkipWithoutLibsndfile();
        byte[] chain = [.. Sounds.Bytes("vorbis.ogg"), .. Sounds.Bytes("vorbis.ogg")];
        Assert.InRange(Sounds.Read(chain, Sounds.Managed).LargestDifference(Sounds.Read(chain, Sounds.InProcess)), 0, 2e-6f);
    }

    [Fact]
    public void Real_recordings_are_those_of_libsndfile_sample_by_sample()
    {
        Sounds.SkipWithoutLibsndfile();
        if (Fixtures.Shared("data/esc/audio") is not { } clips) { Assert.Skip(Fixtures.WhyAbsent("data/esc/audio")); return; }
        string[] paths = [.. Directory.EnumerateFiles(clips, "*.ogg").Order(StringComparer.Ordinal).Take(12)];
        Assert.NotEmpty(paths);
        foreach (string path in paths)
        {
            var ours = Sounds.ReadFile(path, Sounds.Managed);
            Assert.InRange(ours.LargestDifference(Sounds.ReadFile(path, Sounds.InProcess)), 0, 2e-6f);
            Assert.Null(ours.Defect);
        }
    }

    [Fact]
    public void AIFF_samples_are_exact()
    {
        short[] samples = [.. Enumerable.Range(0, 5000).Select(i => (short)(i * 7919))];
        byte[] bytes = AiffBytes.Pcm16(2, samples);
        float[] expected = [.. samples.Select(sample => sample / 32768f)];
        var sound = Sounds.Read(bytes, Sounds.Managed);
        Assert.Equal((44100, 2, (long?)2500, null), (sound.SampleRateHz, sound.Channels, sound.StatedFrames, sound.Defect));
        Assert.Equal(expected, sound.Samples);
        if (Libsndfile.IsAvailable) Assert.Equal(expected, Sounds.Read(bytes, Sounds.InProcess).Samples);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_cut_AIFF_file_is_read_as_far_as_it_goes_and_says_so(bool native)
    {
        if (native) Sounds.SkipWithoutLibsndfile();
        byte[] bytes = AiffBytes.Pcm16(1, [.. Enumerable.Range(0, 5000).Select(i => (short)i)]);
        var sound = Sounds.Read(bytes[..6054], native ? Sounds.InProcess : Sounds.Managed);
        Assert.Equal($"its container states {bytes.Length:N0} bytes, the file ends after 6,054: it was cut off", sound.Defect);
        Assert.Equal(3000, sound.Frames);
    }

    [Fact]
    public void The_file_is_closed_with_the_stream()
    {
        using var folder = new TemporaryFolder();
        foreach (byte[] bytes in (byte[][])
            [AiffBytes.Pcm16(1, 1, 2, 3), Sounds.Bytes("vorbis.ogg"), Sounds.Bytes("lavc.mp3"), WavBytes.Pcm16(1, 8000, 1, 2)])
            foreach (var decoders in (DecoderSet[])[Sounds.Managed, Sounds.InProcess])
            {
                string path = folder["sound"];
                File.WriteAllBytes(path, bytes);
                AudioDecoder.Open(path, decoders).Dispose();
                if (OperatingSystem.IsLinux()) Assert.DoesNotContain(path, OpenFiles());
            }

        static IEnumerable<string> OpenFiles() => Directory.EnumerateFiles("/proc/self/fd").Select(fd => new FileInfo(fd).LinkTarget ?? "");
    }

    [Fact]
    public void A_page_has_the_checksum_that_its_writer_gave_it()
    {
        byte[] bytes = Sounds.Bytes("vorbis.ogg");
        Assert.True(OggPage.TryParse(bytes, out var page));
        Assert.True(OggPage.IsIntact(bytes.AsSpan(0, page.SizeBytes)));
        bytes[30] ^= 1;
        Assert.False(OggPage.IsIntact(bytes.AsSpan(0, page.SizeBytes)));
    }
}
