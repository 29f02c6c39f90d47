using NativeRetrieval.Audio.Decoding;
using static NativeRetrieval.Audio.Tests.Decoding.WavBytes;

namespace NativeRetrieval.Audio.Tests.Decoding;

/// <summary>A file that lies about its length is read to its end, and one that is not whole says so.</summary>
public sealed class DefectTests
{
    static readonly byte[] _samples = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)];

    /// <summary>The sizes of writers that do not know them: 0, all ones (ffmpeg), just below and at 2 GiB (sox, arecord).</summary>
    [Theory]
    [InlineData(0u, 0u)]
    [InlineData(0xFFFFFFFFu, 0xFFFFFFFFu)]
    [InlineData(0xFFFFFFFFu, 0u)]
    [InlineData(0x7FFFF048u, 0x7FFFF000u)]
    [InlineData(0x80000024u, 0x80000000u)]
    public void WAV_of_unknown_size_is_read_to_the_files_end_without_a_defect(uint riff, uint data)
    {
        var sound = Sounds.Read(File(Format(Pcm, 1, 8000, 16), _samples, dataSize: data, riffSize: riff));
        Assert.Equal((500, (long?)500, null), (sound.Frames, sound.StatedFrames, sound.Defect));
    }

    [Fact]
    public void RF64_from_a_pipe_is_read_to_the_files_end()
    {
        byte[] ds64 = Chunk("ds64", [.. U64(0), .. U64(0), .. U64(0), .. U32(0)]);
        var sound = Sounds.Read(File(Format(Pcm, 1, 8000, 16), _samples, "RF64", dataSize: 0xFFFFFFFF, riffSize: 0xFFFFFFFF, before: ds64));
        Assert.Equal((500, null), (sound.Frames, sound.Defect));
    }

    [Fact]
    public void A_cut_WAV_file_is_read_as_far_as_it_goes_and_says_so()
    {
        var sound = Sounds.Read(Pcm16(1, 8000, new short[500])[..^500]);
        Assert.Equal("its data chunk claims 1,000 bytes, the file ends after 500 of them: it was cut off", sound.Defect);
        Assert.Equal(250, sound.Frames);
    }

    [Fact]
    public void Bytes_behind_the_data_that_are_no_chunk_are_told_and_chunks_are_not()
    {
        byte[] whole = Pcm16(1, 8000, new short[500]);
        Assert.Null(Sounds.Read([.. whole, .. Chunk("LIST", new byte[9]), .. Chunk("id3 ", new byte[4])]).Defect);
        Assert.Null(Sounds.Read([.. whole, 0]).Defect);
        var sound = Sounds.Read([.. whole, .. Chunk("LIST", new byte[8]), .. Enumerable.Repeat((byte)7, 300)]);
        Assert.Equal((500, "300 bytes behind its data chunk are no chunk; they are left out"), (sound.Frames, sound.Defect));
        var cutChunk = Sounds.Read([.. whole, .. Chunk("LIST", new byte[308], 309)]);
        Assert.Equal("316 bytes behind its data chunk are no chunk; they are left out", cutChunk.Defect);
    }

    [Theory]
    [InlineData("ADPCM WAV", SndfileWriter.AdpcmWav)]
    [InlineData("big-endian WAV", SndfileWriter.BigEndianWav)]
    [InlineData("AIFF", SndfileWriter.Aiff16)]
    [InlineData("AU", 0x030002)]
    [InlineData("Wave64", 0x0B0002)]
    [InlineData("CAF", 0x180002)]
    public void A_cut_container_is_read_as_far_as_it_goes_and_says_so(string name, int format)
    {
        byte[] bytes = Written(format);
        var whole = Sounds.Read(bytes, Sounds.InProcess);
        Assert.Null(whole.Defect);
        var half = Sounds.Read(bytes[..(bytes.Length / 2)], Sounds.InProcess);
        Assert.True(half.Frames > whole.Frames / 4 && half.Frames < whole.Frames, $"{name}: {half.Frames} of {whole.Frames} frames");
        Assert.Contains("it was cut off", half.Defect, StringComparison.Ordinal);
    }

    [Fact]
    public void FLAC_is_read_to_its_last_frame_whatever_its_header_says()
    {
        byte[] bytes = Written(SndfileWriter.Flac16);
        var whole = Sounds.Read(bytes, Sounds.InProcess);
        Assert.Equal((8000, (long?)8000, null), (whole.Frames, whole.StatedFrames, whole.Defect));
        foreach (byte count in (byte[])[0, 100])
        {
            byte[] lying = [.. bytes];
            lying.AsSpan(22, 4).Clear();
            lying[25] = count;
            var sound = Sounds.Read(lying, Sounds.InProcess);
            Assert.Equal(whole.Samples, sound.Samples);
        }
    }

    [Fact]
    public void Damage_in_the_middle_of_FLAC_is_told_and_what_was_read_before_stays()
    {
        byte[] bytes = Written(SndfileWriter.Flac16);
        var whole = Sounds.Read(bytes, Sounds.InProcess);
        foreach (byte[] bad in (byte[][])[Sounds.Damaged(bytes, bytes.Length * 3 / 4, 60), bytes[..(bytes.Length * 3 / 4)]])
        {
            var sound = Sounds.Read(bad, Sounds.InProcess);
            Assert.InRange(sound.Frames, 1000, 7999);
            Assert.Equal(whole.Samples[..sound.Frames], sound.Samples);
            Assert.StartsWith("its sound ends after ", sound.Defect, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Bytes_behind_FLAC_are_told_and_tags_are_not()
    {
        byte[] bytes = Written(SndfileWriter.Flac16), id3 = [.. "ID3"u8, 4, 0, 0, 0, 0, 0, 20, .. new byte[20]];
        var tagged = Sounds.Read([.. id3, .. bytes, .. "TAG"u8, .. new byte[125]], Sounds.InProcess);
        Assert.Equal((8000, (long?)8000, null), (tagged.Frames, tagged.StatedFrames, tagged.Defect));
        var sound = Sounds.Read([.. bytes, .. Enumerable.Repeat((byte)0x55, 300)], Sounds.InProcess);
        Assert.Equal(8000, sound.Frames);
        Assert.StartsWith("it is damaged after 1.00 s", sound.Defect, StringComparison.Ordinal);
    }

    [Fact]
    public void Windows_and_clips_carry_the_defect()
    {
        using var folder = new TemporaryFolder();
        string path = folder["cut.wav"];
        System.IO.File.WriteAllBytes(path, Pcm16(1, 8000, new short[500])[..^500]);
        using var windows = WindowReader.Open(path, 8000, 100, 50);
        while (windows.Read() is not null) { }
        Assert.Contains("it was cut off", windows.Defect, StringComparison.Ordinal);
    }

    static byte[] Written(int format)
    {
        Sounds.SkipWithoutLibsndfile();
        using var folder = new TemporaryFolder();
        var tone = new float[8000];
        for (int i = 0; i < tone.Length; i++) tone[i] = 0.5f * MathF.Sin(i * 0.3f) + 0.1f * MathF.Sin(i * i * 0.01f);
        if (!SndfileWriter.TryWrite(folder["a"], format, 8000, 1, tone)) Assert.Skip($"this libsndfile does not write format {format:x}");
        return System.IO.File.ReadAllBytes(folder["a"]);
    }
}
