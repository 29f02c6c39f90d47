namespace NativeRetrieval.Audio.Tests.Decoding;

/// <summary>MPEG frames in WAV files, which are decoded like those of an MP3 file and never by libsndfile.</summary>
public class MpegInWavTests
{
    [Theory]
    [InlineData("lame-stereo.mp3", 0x55, false)]
    [InlineData("lame-stereo.mp3", 0x55, true)]
    [InlineData("layer2.mp2", 0x50, false)]
    [InlineData("lavc.mp3", 0x50, true)]
    public void It_sounds_as_the_frames_alone_do(string name, int tag, bool isBigEndian)
    {
        byte[] frames = Sounds.Bytes(name);
        DecodedSound alone = Sounds.Read(frames, Sounds.InProcess);
        DecodedSound wav = Sounds.Read(WavFile.OfMpeg(frames, tag, isBigEndian), Sounds.InProcess);
        Assert.Equal((alone.SampleRateHz, alone.Channels, alone.StatedFrames, alone.Defect),
            (wav.SampleRateHz, wav.Channels, wav.StatedFrames, wav.Defect));
        Assert.Equal(alone.Samples, wav.Samples);
    }

    [Fact]
    public void An_extensible_format_that_says_MPEG_is_believed()
    {
        byte[] frames = Sounds.Bytes("lame-stereo.mp3");
        byte[] wav = WavBytes.File(WavBytes.ExtensibleFormat(0x55, 2, 44_100, 16, 16), frames);
        Assert.Equal(Sounds.Read(frames, Sounds.Managed).Samples, Sounds.Read(wav, Sounds.Managed).Samples);
    }

    [Fact]
    public void What_was_cut_off_is_told()
    {
        byte[] wav = WavFile.OfMpeg(Sounds.Bytes("lame-stereo.mp3"));
        Assert.Contains("the file ends inside a frame: it was cut off", Sounds.Read(wav[..^100], Sounds.Managed).Defect);
    }

    [Fact]
    public void Frames_that_are_none_are_refused() =>
        Assert.Contains("holds no MPEG frame", Sounds.ProblemOf(WavFile.OfMpeg(new byte[5000]), Sounds.InProcess));
}
