using System.Runtime.Versioning;
using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Core.Errors;
using static NativeRetrieval.Audio.Tests.Decoding.WavBytes;

namespace NativeRetrieval.Audio.Tests.Decoding;

public sealed class BadInputTests
{
    [Fact]
    public void An_empty_file_says_so() => Assert.Contains("is empty", Decode.ErrorOf([]), StringComparison.Ordinal);

    [Fact]
    public void Text_named_wav_is_not_sound() =>
        Assert.Contains("not a", Decode.ErrorOf("The rain in Spain stays mainly in the plain, and so on."u8.ToArray()),
            StringComparison.Ordinal);

    [Fact]
    public void One_byte_is_not_sound() => Assert.Contains("not a", Decode.ErrorOf([(byte)'R']), StringComparison.Ordinal);

    [Fact]
    public void A_header_without_chunks_is_cut_off() =>
        Assert.Contains("neither a fmt nor a data chunk", Decode.ErrorOf([.. "RIFF"u8, 4, 0, 0, 0, .. "WAVE"u8]), StringComparison.Ordinal);

    [Fact]
    public void A_header_without_data_is_cut_off() =>
        Assert.Contains("no data chunk",
            Decode.ErrorOf([.. "RIFF"u8, 4, 0, 0, 0, .. "WAVE"u8, .. Chunk("fmt ", Format(Pcm, 1, 8000, 16))]), StringComparison.Ordinal);

    [Fact]
    public void Data_before_the_format_is_refused() =>
        Assert.Contains("before any fmt", Decode.ErrorOf([.. "RIFF"u8, 4, 0, 0, 0, .. "WAVE"u8, .. Chunk("data", [1, 2])]),
            StringComparison.Ordinal);

    [Fact]
    public void A_chunk_that_claims_more_than_the_file_holds_is_named() =>
        Assert.Contains("chunk 'LIST' at byte 12 claims 4,294,967,280 bytes",
            Decode.ErrorOf([.. "RIFF"u8, 4, 0, 0, 0, .. "WAVE"u8, .. Chunk("LIST", new byte[60], 0xFFFFFFF0)]), StringComparison.Ordinal);

    [Fact]
    public void No_samples_is_an_error() =>
        Assert.Contains("no samples", Decode.ErrorOf(File(Format(Pcm, 1, 8000, 16), [])), StringComparison.Ordinal);

    [Fact]
    public void Less_than_one_frame_is_no_sample() =>
        Assert.Contains("no samples", Decode.ErrorOf(File(Format(Pcm, 2, 8000, 16), [1, 2, 3])), StringComparison.Ordinal);

    [Fact]
    public void Zero_channels_are_refused() =>
        Assert.Contains("0 channels", Decode.ErrorOf(File(Format(Pcm, 0, 8000, 16), [1, 2])), StringComparison.Ordinal);

    [Theory]
    [InlineData(0u)]
    [InlineData(0x80000000u)]
    [InlineData(0xFFFFFFFFu)]
    public void An_impossible_sample_rate_is_refused(uint rate) =>
        Assert.Contains("sample rate", Decode.ErrorOf(File(Format(Pcm, 1, rate, 16), [1, 2])), StringComparison.Ordinal);

    [Theory]
    [InlineData(1, 2, 16, 3)]
    [InlineData(1, 1, 16, 1)]
    [InlineData(1, 1, 0, 2)]
    [InlineData(1, 1, 64, 8)]
    [InlineData(3, 1, 16, 2)]
    [InlineData(1, 1, 16, 0)]
    [InlineData(1, 65535, 16, 65535)]
    public void A_frame_size_that_contradicts_the_sample_size_is_refused(int tag, int channels, int bits, int frameBytes) =>
        Assert.Contains("do not fit together", Decode.ErrorOf(File(Format(tag, channels, 8000, bits, frameBytes), new byte[70_000])),
            StringComparison.Ordinal);

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(2e12f)]
    public void A_sample_that_is_no_number_is_named_by_frame_and_channel(float bad)
    {
        var samples = new float[2 * 30_000];
        samples[2 * 20_001 + 1] = bad;
        Assert.Contains("frame 20001, channel 1", Decode.ErrorOf(Float32(2, 8000, samples)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_double_that_overflows_float_is_refused() =>
        Assert.Contains("frame 0", Decode.ErrorOf(File(Format(WavBytes.Float, 1, 8000, 64), U64(BitConverter.DoubleToUInt64Bits(1e300)))),
            StringComparison.Ordinal);

    [Fact]
    public void A_folder_is_not_a_sound()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("is a folder", Assert.Throws<AudioDecodeException>(() => AudioDecoder.Open(folder.FullPath)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_absent_file_says_so()
    {
        using var folder = new TemporaryFolder();
        string path = folder["no/such.wav"];
        Assert.Equal($"{path}: does not exist", Assert.Throws<AudioDecodeException>(() => AudioDecoder.Open(path)).Message);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void A_file_without_permission_says_so()
    {
        if (Environment.IsPrivilegedProcess) Assert.Skip("the super-user may read everything");
        using var folder = new TemporaryFolder();
        string path = folder["secret.wav"];
        System.IO.File.WriteAllBytes(path, Pcm16(1, 8000, 1));
        System.IO.File.SetUnixFileMode(path, UnixFileMode.None);
        Assert.Contains("no permission", Assert.Throws<AudioDecodeException>(() => AudioDecoder.Open(path)).Message,
            StringComparison.Ordinal);
    }

    /// <summary>
    /// Every mutant is either decoded, to no more samples than the file has bytes for, or refused by the one exception type.
    /// </summary>
    [Fact]
    public void Mutated_headers_neither_crash_nor_hang_nor_allocate_wildly()
    {
        using var folder = new TemporaryFolder();
        string path = folder["mutant.wav"];
        byte[][] seeds =
        [
            Pcm16(2, 44100, 1, 2, 3, 4, 5, 6, 7, 8),
            File(ExtensibleFormat(Pcm, 1, 48000, 24, 20), new byte[30], before: Chunk("LIST", new byte[9])),
            File(Format(WavBytes.Float, 1, 8000, 64), new byte[64], "RF64", dataSize: 0xFFFFFFFF,
                before: Chunk("ds64", [.. U64(100), .. U64(64), .. U64(8), .. U32(0)])),
        ];
        byte[] interesting = [0, 1, 2, 3, 0x7F, 0x80, 0xFE, 0xFF];
        var random = new Random(20_260);
        int decoded = 0, refused = 0;
        for (int round = 0; round < 3000; round++)
        {
            byte[] mutant = [.. seeds[round % seeds.Length]];
            for (int change = random.Next(1, 6); change > 0; change--)
                mutant[random.Next(mutant.Length)] = random.Next(2) == 0
                    ? interesting[random.Next(interesting.Length)]
                    : (byte)random.Next(256);
            if (random.Next(4) == 0) mutant = mutant[..random.Next(mutant.Length)];
            System.IO.File.WriteAllBytes(path, mutant);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using IAudioStream stream = AudioDecoder.Open(path);
                var block = new float[stream.Channels];
                for (int frames = 0; stream.Read(block) > 0; frames++) Assert.True(frames < 64 * mutant.Length);
                decoded++;
            }
            catch (AudioDecodeException)
            {
                refused++;
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }
        Assert.True(decoded > 300 && refused > 300, $"{decoded} decoded, {refused} refused: the mutations test one side only");
    }
}
