using NativeRetrieval.Audio.Decoding;

namespace NativeRetrieval.Audio.Tests.Decoding;

public sealed class Mp3Tests
{
    [Theory]
    [InlineData("lame-stereo.mp3", 44100, 2, 17640)]
    [InlineData("lame-checksums.mp3", 44100, 1, 22050)]
    [InlineData("lame-11025.mp3", 11025, 1, 6912)]
    [InlineData("lavc.mp3", 44100, 1, 22050)]
    [InlineData("pipe.mp3", 22050, 1, 45504)]
    [InlineData("layer2.mp2", 44100, 1, 23040)]
    public void Every_frame_is_decoded_whatever_the_header_says(string name, int rate, int channels, int frames)
    {
        var sound = Sounds.ReadFile(Sounds.Path(name), Sounds.Managed);
        Assert.Equal((rate, channels, frames), (sound.SampleRateHz, sound.Channels, sound.Frames));
        Assert.Equal(((long?)frames, null), (sound.StatedFrames, sound.Defect));
        Assert.InRange(sound.Power(0.1, 0.3), 1e-7, 0.5);
    }

    [Theory]
    [InlineData("lame-stereo.mp3")]
    [InlineData("lame-checksums.mp3")]
    [InlineData("lame-11025.mp3")]
    [InlineData("lame-transients.mp3")]
    [InlineData("lavc.mp3")]
    [InlineData("layer2.mp2")]
    public void Samples_are_those_of_libsndfile(string name)
    {
        Sounds.SkipWithoutLibsndfile();
        var ours = Sounds.ReadFile(Sounds.Path(name));
        using var native = LibsndfileStream.Open(name, File.OpenRead(Sounds.Path(name)), SoundFormat.Mp3);
        var theirs = new float[ours.Samples.Length];
        Assert.Equal(ours.Frames, native.Read(theirs));
        Assert.InRange(ours.LargestDifference(ours with { Samples = theirs }), 0, 2e-6f);
    }

    [Fact]
    public void The_loudness_of_transients_stays()
    {
        var sound = Sounds.ReadFile(Sounds.Path("lame-transients.mp3"), Sounds.Managed);
        Assert.InRange(sound.Samples.Max(Math.Abs), 0.3f, 0.5f);
    }

    [Fact]
    public void Eight_kilohertz_are_left_to_ffmpeg_or_told()
    {
        string? told = Sounds.ReadFile(Sounds.Path("lame-8000.mp3"), Sounds.Managed).Defect;
        Assert.Equal("MP3 of 8 kHz is decoded only roughly where ffmpeg is not installed", told);
        var program = Sounds.FfmpegOrSkip();
        var sound = Sounds.ReadFile(Sounds.Path("lame-8000.mp3"), new(HasLibsndfile: false, program));
        Assert.Equal((8000, null), (sound.SampleRateHz, sound.Defect));
        Assert.InRange(sound.Frames, 4000, 5184);
    }

    [Fact]
    public void No_library_but_the_managed_decoder_sees_an_MP3_file()
    {
        // libmpg123, which libsndfile would ask, writes its warnings to the terminal.
        foreach (byte[] bytes in (byte[][])
            [Sounds.Bytes("pipe.mp3"), [.. "ID3"u8, 4, 0, 0, 0, 0, 0, 9, .. new byte[500]], [0xFF, 0xFB, .. new byte[500]]])
        {
            using var folder = new TemporaryFolder();
            string path = folder["a.mp3"];
            File.WriteAllBytes(path, bytes);
            try
            {
                using var stream = AudioDecoder.Open(path, Sounds.InProcess);
                Assert.IsType<JoinedStream>(stream);
            }
            catch (Core.Errors.AudioDecodeException error)
            {
                Assert.Equal("looks like MP3 but holds no MPEG frame of a known length", error.Problem);
            }
        }
    }

    [Fact]
    public void Joined_files_are_read_to_the_end_of_the_last()
    {
        byte[] joined = [.. Sounds.Bytes("lavc.mp3"), .. Sounds.Bytes("lame-checksums.mp3"), .. Sounds.Bytes("pipe.mp3")];
        var sound = Sounds.Read(joined, Sounds.Managed);
        Assert.Equal((44100, 1, 22050 + 22050 + 2 * 45504, null), (sound.SampleRateHz, sound.Channels, sound.Frames, sound.Defect));
        Assert.InRange(sound.Power(0.6, 0.9), 0.05, 0.2);
    }

    [Fact]
    public void A_file_cut_inside_a_frame_is_read_as_far_as_it_goes_and_says_so()
    {
        byte[] bytes = Sounds.Bytes("lavc.mp3");
        var sound = Sounds.Read(bytes[..(bytes.Length / 2)], Sounds.Managed);
        Assert.InRange(sound.Frames, 9000, 11025);
        Assert.Equal("the file ends inside a frame: it was cut off", sound.Defect);
    }

    [Fact]
    public void A_file_cut_between_frames_says_how_many_are_missing()
    {
        byte[] bytes = Sounds.Bytes("lame-checksums.mp3");
        var scan = Audio.Decoding.Mp3.Mp3Scan.Of(new MemoryStream(bytes));
        long start = scan.Parts[0].Ranges[0].Start, frame = (scan.Parts[0].Ranges[0].End - start) / scan.Parts[0].Frames;
        int end = (int)start;
        for (int i = 0; i < 8; i++) end += FrameBytesAt(bytes, end);
        Assert.InRange(frame, 100, 300);
        var sound = Sounds.Read(bytes[..end], Sounds.Managed);
        Assert.Equal(8 * 1152 - 1105, sound.Frames);
        long missing = scan.Parts[0].Frames - 8;
        Assert.Equal($"{missing} of the frames that its encoder counted are missing: it was cut off or damaged", sound.Defect);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Bytes_behind_the_last_frame_are_told_and_tags_are_not(bool isTag)
    {
        byte[] behind = isTag ? [.. "TAG"u8, .. new byte[125]] : [.. Enumerable.Repeat((byte)0x55, 128)];
        var sound = Sounds.Read([.. Sounds.Bytes("lavc.mp3"), .. behind], Sounds.Managed);
        Assert.Equal(22050, sound.Frames);
        Assert.Equal(isTag ? null : "128 bytes from byte 3,518 on are neither MPEG frames nor tags; they are left out", sound.Defect);
    }

    [Fact]
    public void Tags_of_every_kind_are_stepped_over()
    {
        byte[] apeItems = [.. WavBytes.U32(4), .. WavBytes.U32(0), .. "Key"u8, 0, .. "abcd"u8];
        byte[] Ape(uint flags) =>
            [.. "APETAGEX"u8, .. WavBytes.U32(2000), .. WavBytes.U32((uint)apeItems.Length + 32), .. WavBytes.U32(1),
             .. WavBytes.U32(flags), .. new byte[8]];
        byte[] lyrics = [.. "LYRICSBEGININD0000210"u8, .. "000021LYRICS200"u8];
        byte[] sound = Sounds.Bytes("lavc.mp3"), id3v1 = [.. "TAG"u8, .. new byte[125]];
        byte[] id3v2 = [.. "ID3"u8, 4, 0, 0, 0, 0, 1, 0, .. new byte[128]];
        foreach (byte[] tagged in (byte[][])
            [[.. sound, .. apeItems, .. Ape(0)], [.. sound, .. Ape(0xA0000000), .. apeItems, .. Ape(0x80000000), .. id3v1],
             [.. sound, .. lyrics, .. id3v1], [.. id3v2, .. sound], [.. Ape(0xA0000000), .. apeItems, .. Ape(0x80000000), .. sound]])
        {
            var read = Sounds.Read(tagged, Sounds.Managed);
            Assert.Equal((22050, null), (read.Frames, read.Defect));
        }
    }

    [Fact]
    public void A_tag_that_claims_more_than_the_file_holds_hides_no_sound()
    {
        var sound = Sounds.Read([.. "ID3"u8, 4, 0, 0, 0x7F, 0x7F, 0x7F, 0x7F, .. Sounds.Bytes("lavc.mp3")], Sounds.Managed);
        Assert.Equal((22050, "10 bytes from byte 0 on are neither MPEG frames nor tags; they are left out"), (sound.Frames, sound.Defect));
    }

    [Fact]
    public void Damage_in_the_middle_costs_no_other_frame()
    {
        byte[] bytes = Sounds.Bytes("lavc.mp3");
        var sound = Sounds.Read(Sounds.Damaged(bytes, bytes.Length / 2, 300), Sounds.Managed);
        Assert.InRange(sound.Frames, 22050 - 3 * 1152, 22050);
        Assert.Contains("are neither MPEG frames nor tags", sound.Defect, StringComparison.Ordinal);
        Assert.InRange(sound.Power(0.35, 0.42), 0.05, 0.2);
    }

    [Fact]
    public void One_frame_is_a_sound()
    {
        byte[] bytes = Sounds.Bytes("layer2.mp2");
        var sound = Sounds.Read(bytes[..FrameBytesAt(bytes, 0)], Sounds.Managed);
        Assert.Equal((1152, null), (sound.Frames, sound.Defect));
    }

    [Fact]
    public void Frames_that_change_their_form_without_end_are_refused()
    {
        byte[] mono = new byte[24], stereo = new byte[24];
        (mono[0], mono[1], mono[2], mono[3]) = (0xFF, 0xF3, 0x14, 0xC0);
        (stereo[0], stereo[1], stereo[2], stereo[3]) = (0xFF, 0xF3, 0x14, 0x00);
        byte[] bytes = new byte[4 * 24 * 12_000];
        for (int i = 0; i < bytes.Length; i += 24) (i / 48 % 2 == 0 ? mono : stereo).CopyTo(bytes, i);
        Assert.Contains("change their form", Sounds.ProblemOf(bytes, Sounds.Managed), StringComparison.Ordinal);
    }

    static int FrameBytesAt(byte[] bytes, int position)
    {
        Assert.True(Audio.Decoding.Mp3.MpegHeader.TryParse(bytes.AsSpan(position), out var header));
        return header.FrameBytes;
    }
}
