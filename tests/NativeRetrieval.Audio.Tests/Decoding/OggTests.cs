using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Audio.Decoding.Ogg;

namespace NativeRetrieval.Audio.Tests.Decoding;

public sealed class OggTests
{
    public static TheoryData<bool> Decoders => Libsndfile.IsAvailable ? [true, false] : [false];

    static DecoderSet Set(bool native) => native ? Sounds.InProcess : Sounds.Managed;

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Vorbis_ends_at_its_last_granule(bool native)
    {
        var sound = Sounds.ReadFile(Sounds.Path("vorbis.ogg"), Set(native));
        Assert.Equal((44100, 1, 22050), (sound.SampleRateHz, sound.Channels, sound.Frames));
        Assert.Equal(((long?)22050, null), (sound.StatedFrames, sound.Defect));
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Every_link_of_a_chained_stream_is_read(bool native)
    {
        byte[] one = Sounds.Bytes("vorbis.ogg");
        var sound = Sounds.Read([.. one, .. one, .. one], Set(native));
        Assert.Equal((3 * 22050, (long?)(3 * 22050), null), (sound.Frames, sound.StatedFrames, sound.Defect));
        Assert.InRange(sound.Power(1.1, 1.4), 0.05, 0.2);
    }

    [Fact]
    public void Links_of_other_rates_and_channels_are_read_at_the_first_ones()
    {
        Sounds.SkipWithoutLibsndfile();
        using var folder = new TemporaryFolder();
        var stereo = new float[2 * 16000];
        for (int i = 0; i < stereo.Length; i++) stereo[i] = 0.5f * MathF.Sin(2 * MathF.PI * 500 * (i / 2) / 16000);
        foreach (int format in (int[])[SndfileWriter.OggVorbis, SndfileWriter.OggOpus])
        {
            string path = folder[$"{format}.ogg"];
            if (!SndfileWriter.TryWrite(path, format, 16000, 2, stereo)) Assert.Skip("this libsndfile does not write Ogg");
            byte[] second = File.ReadAllBytes(path);
            var sound = Sounds.Read([.. Sounds.Bytes("vorbis.ogg"), .. second], Sounds.InProcess);
            Assert.Equal((44100, 1, null), (sound.SampleRateHz, sound.Channels, sound.Defect));
            Assert.InRange(sound.Frames, 22050 + 44100 - 10, 22050 + 44100 + 10);
            Assert.InRange(sound.Power(0.6, 1.4), 0.1, 0.15);
            var reverse = Sounds.Read([.. second, .. Sounds.Bytes("vorbis.ogg")], Sounds.InProcess);
            Assert.Equal((2, null), (reverse.Channels, reverse.Defect));
            Assert.InRange((double)reverse.Frames / reverse.SampleRateHz, 1.499, 1.501);
        }
    }

    [Fact]
    public void Chained_Opus_is_read_to_its_end()
    {
        Sounds.SkipWithoutLibsndfile();
        byte[] one = Sounds.Bytes("opus.opus");
        var sound = Sounds.Read([.. one, .. one], Sounds.InProcess);
        Assert.Equal((1.0, null), ((double)sound.Frames / sound.SampleRateHz, sound.Defect));
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void A_cut_file_is_read_as_far_as_it_goes_and_says_so(bool native)
    {
        byte[] bytes = Chain(3);
        var sound = Sounds.Read(bytes[..^100], Set(native));
        Assert.InRange(sound.Frames, 2 * 22050, 3 * 22050 - 1);
        Assert.Equal("the file ends inside an Ogg page: it was cut off", sound.Defect?.Split("; ")[0]);
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Bytes_behind_the_last_page_are_told(bool native)
    {
        byte[] bytes = Sounds.Bytes("vorbis.ogg");
        var sound = Sounds.Read([.. bytes, .. Enumerable.Repeat((byte)0x55, 100)], Set(native));
        Assert.Equal($"100 bytes from byte {bytes.Length:N0} on belong to no Ogg stream; they are left out", sound.Defect);
        Assert.Equal(22050, sound.Frames);
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void A_damaged_page_is_told_and_the_links_around_it_stay(bool native)
    {
        byte[] bytes = Chain(3);
        int middle = bytes.Length / 3 * 2 - 200;
        var sound = Sounds.Read(Sounds.Damaged(bytes, middle, 40), Set(native));
        Assert.InRange(sound.Frames, 2 * 22050, 3 * 22050);
        Assert.StartsWith("1 of ", sound.Defect, StringComparison.Ordinal);
        Assert.Contains("Ogg pages have a wrong checksum", sound.Defect, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void A_first_link_that_cannot_be_opened_does_not_hide_the_second(bool native)
    {
        byte[] one = Sounds.Bytes("vorbis.ogg");
        var sound = Sounds.Read([.. one[..58], .. one], Set(native));
        Assert.Equal(22050, sound.Frames);
        Assert.Contains("part 1 of 2", sound.Defect, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void A_stream_that_is_no_sound_beside_it_is_left_out(bool native)
    {
        byte[] sound = Sounds.Bytes("vorbis.ogg");
        byte[] skeleton = Page(serial: 77, flags: 2, "fishead\0"u8.ToArray()), end = Page(serial: 77, flags: 4, []);
        int first = PageBytes(sound);
        var read = Sounds.Read([.. skeleton, .. sound[..first], .. end, .. sound[first..]], Set(native));
        Assert.Equal((22050, null), (read.Frames, read.Defect));
    }

    [Fact]
    public void A_second_sound_side_by_side_is_told()
    {
        byte[] sound = Sounds.Bytes("vorbis.ogg");
        int first = PageBytes(sound);
        byte[] other = Page(serial: 5, flags: 2, sound[(27 + sound[26])..first]);
        var read = Sounds.Read([.. sound[..first], .. other, .. sound[first..]], Sounds.Managed);
        Assert.Equal((22050, "the file holds 2 sounds side by side; the first is read"), (read.Frames, read.Defect));
    }

    [Fact]
    public void Links_without_end_are_refused()
    {
        byte[] link = [.. Page(1, 2, "\u0001vorbis"u8.ToArray()), .. Page(1, 0, [])];
        byte[] bytes = new byte[link.Length * (OggScan.MaximumLinks + 2)];
        for (int i = 0; i < bytes.Length; i += link.Length) link.CopyTo(bytes, i);
        Assert.Contains("more than 10,000 Ogg streams", Sounds.ProblemOf(bytes, Sounds.Managed), StringComparison.Ordinal);
    }

    [Fact]
    public void Opus_without_a_library_names_what_to_install()
    {
        string problem = Sounds.ProblemOf(Sounds.Bytes("opus.opus"), Sounds.Managed);
        Assert.Contains("takes libsndfile, which is not installed", problem, StringComparison.Ordinal);
    }

    static byte[] Chain(int links) => [.. Enumerable.Repeat(Sounds.Bytes("vorbis.ogg"), links).SelectMany(bytes => bytes)];

    static int PageBytes(byte[] bytes)
    {
        Assert.True(OggPage.TryParse(bytes, out var page));
        return page.SizeBytes;
    }

    /// <summary>A page with one packet of less than 255 bytes and a right checksum.</summary>
    static byte[] Page(uint serial, byte flags, byte[] packet)
    {
        byte[] page = [.. "OggS"u8, 0, flags, .. WavBytes.U64(0), .. WavBytes.U32(serial), .. new byte[8], 1,
            (byte)packet.Length, .. packet];
        WavBytes.U32(OggPage.Checksum(page)).CopyTo(page, 22);
        return page;
    }
}
