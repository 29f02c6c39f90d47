using NativeRetrieval.Audio.Decoding;
using static NativeRetrieval.Audio.Tests.Decoding.WavBytes;

namespace NativeRetrieval.Audio.Tests.Decoding;

public sealed class WavTests
{
    [Fact]
    public void Unsigned_8_bit_PCM_is_centred_on_128() =>
        Assert.Equal([-1f, 0f, 127 / 128f], Decode.Bytes(File(Format(Pcm, 1, 8000, 8), [0, 128, 255])));

    [Fact]
    public void Signed_16_bit_PCM_is_divided_by_32768() =>
        Assert.Equal([-1f, 0f, 1 / 32768f, 32767 / 32768f], Decode.Bytes(Pcm16(1, 8000, -32768, 0, 1, 32767)));

    [Fact]
    public void Packed_24_bit_PCM_keeps_its_sign_and_every_bit() =>
        Assert.Equal([-1f, -1 / 8388608f, 8388607 / 8388608f],
            Decode.Bytes(File(Format(Pcm, 1, 8000, 24), [0, 0, 0x80, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F])));

    [Fact]
    public void PCM_of_32_bits_is_divided_by_2_to_the_31() =>
        Assert.Equal([-1f, 0.5f], Decode.Bytes(File(Format(Pcm, 1, 8000, 32), [0, 0, 0, 0x80, 0, 0, 0, 0x40])));

    [Fact]
    public void Float_samples_pass_unchanged_even_beyond_full_scale() =>
        Assert.Equal([0.1f, -2.5f, 1e-30f], Decode.Bytes(Float32(1, 8000, 0.1f, -2.5f, 1e-30f)));

    [Fact]
    public void Double_samples_are_rounded_to_float() =>
        Assert.Equal([(float)Math.PI],
            Decode.Bytes(File(Format(WavBytes.Float, 1, 8000, 64), U64(BitConverter.DoubleToUInt64Bits(Math.PI)))));

    [Fact]
    public void An_extensible_header_carries_PCM_and_float()
    {
        Assert.Equal([0.5f, -0.5f], Decode.Bytes(File(ExtensibleFormat(Pcm, 2, 48000, 16, 16), [0, 0x40, 0, 0xC0])));
        Assert.Equal([0.25f], Decode.Bytes(File(ExtensibleFormat(WavBytes.Float, 1, 48000, 32, 32),
            U32(BitConverter.SingleToUInt32Bits(0.25f)))));
    }

    [Fact]
    public void Samples_of_20_bits_stand_in_the_high_bits_of_their_container()
    {
        Assert.Equal([0.5f], Decode.Bytes(File(ExtensibleFormat(Pcm, 1, 48000, 24, 20), [0, 0, 0x40])));
        Assert.Equal([0.5f], Decode.Bytes(File(Format(Pcm, 1, 48000, 20), [0, 0, 0x40])));
    }

    [Fact]
    public void Unknown_chunks_are_stepped_over_with_their_pad_byte() =>
        Assert.Equal([0.5f], Decode.Bytes(File(Format(Pcm, 1, 8000, 16), [0, 0x40],
            before: [.. Chunk("LIST", new byte[7]), .. Chunk("bext", new byte[602]), .. Chunk("junk", [])])));

    [Fact]
    public void Bytes_after_the_data_chunk_are_not_sound() =>
        Assert.Equal([0.5f], Decode.Bytes([.. File(Format(Pcm, 1, 8000, 16), [0, 0x40]), .. Chunk("LIST", new byte[100])]));

    [Theory]
    [InlineData(0xFFFFFFFFu, null)]         // a pipe
    [InlineData(0x7FFFF000u, null)]         // a pipe, in another program's words
    [InlineData(0u, 0u)]                    // a recorder that was killed
    [InlineData(0u, 36u)]
    [InlineData(6u, null)]                  // an interrupted copy
    public void A_data_size_that_was_never_settled_or_is_cut_off_is_read_to_the_end_of_the_file(uint dataSize, uint? riffSize) =>
        Assert.Equal([0.5f, 0.25f],
            Decode.Bytes(File(Format(Pcm, 1, 8000, 16), [0, 0x40, 0, 0x20], dataSize: dataSize, riffSize: riffSize)));

    [Fact]
    public void A_last_frame_that_is_cut_off_is_left_out() =>
        Assert.Equal([0.5f, 0.25f], Decode.Bytes(File(Format(Pcm, 2, 8000, 16), [0, 0x40, 0, 0x20, 0, 0x10])));

    [Theory]
    [InlineData("RF64")]
    [InlineData("BW64")]
    public void The_64_bit_forms_take_their_size_from_ds64(string riff)
    {
        byte[] ds64 = Chunk("ds64", [.. U64(100), .. U64(4), .. U64(2), .. U32(0)]);
        Assert.Equal([0.5f, 0.25f],
            Decode.Bytes(File(Format(Pcm, 1, 8000, 16), [0, 0x40, 0, 0x20, 0, 0x7F], riff, dataSize: 0xFFFFFFFF, riffSize: 0xFFFFFFFF,
            before: ds64)));
    }

    [Fact]
    public void A_64_bit_size_beyond_the_file_is_read_to_its_end()
    {
        byte[] ds64 = Chunk("ds64", [.. U64(ulong.MaxValue), .. U64(ulong.MaxValue), .. U64(ulong.MaxValue), .. U32(0)]);
        Assert.Equal([0.5f], Decode.Bytes(File(Format(Pcm, 1, 8000, 16), [0, 0x40], "RF64", dataSize: 0xFFFFFFFF, before: ds64)));
    }

    [Fact]
    public void Reading_in_small_pieces_gives_the_same_samples()
    {
        var random = new Random(1);
        byte[] file = Pcm16(3, 8000, [.. Enumerable.Range(0, 3 * 40_000).Select(_ => (short)random.Next(-32768, 32768))]);
        Assert.Equal(Decode.Bytes(file, 100_000), Decode.Bytes(file, 7));
    }

    [Fact]
    public void The_header_is_reported()
    {
        using var folder = new TemporaryFolder();
        string path = folder["a.bin"];
        System.IO.File.WriteAllBytes(path, Pcm16(2, 11025, 1, 2, 3, 4, 5, 6));
        using IAudioStream stream = AudioDecoder.Open(path);
        Assert.Equal((11025, 2, 3L), (stream.SampleRateHz, stream.Channels, stream.LengthFrames));
    }
}
