using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Audio.Decoding.Ogg;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport.Mutation;
using static NativeRetrieval.Audio.Tests.Decoding.WavBytes;

namespace NativeRetrieval.Audio.Tests.Decoding;

/// <summary>Every mutant gives sound or the one exception type, in bounded time and memory.</summary>
public sealed class DecoderFuzzTests
{
    const int Rounds = 2000, MostFrames = 50_000_000;
    const long MostBytes = 64 << 20;

    static readonly byte[] _aiff = AiffBytes.Pcm16(2, [.. Enumerable.Range(0, 200).Select(i => (short)(i * 300))]);

    [Fact]
    public void WAV() => Fuzz(Sounds.Managed, Pcm16(2, 44100, [.. Enumerable.Range(0, 200).Select(i => (short)(i * 300))]),
        File(Format(WavBytes.Float, 1, 8000, 32), new byte[400], before: Chunk("LIST", new byte[9])));

    [Fact]
    public void MP3() => Fuzz(Sounds.Managed,
        Sounds.Bytes("lame-stereo.mp3"), Sounds.Bytes("lame-8000.mp3"), Sounds.Bytes("lavc.mp3"), Sounds.Bytes("layer2.mp2"));

    [Fact]
    public void MP3_in_WAV() => Fuzz(Sounds.Managed, WavFile.OfMpeg(Sounds.Bytes("lame-stereo.mp3")),
        WavFile.OfMpeg(Sounds.Bytes("layer2.mp2"), tag: 0x50, isBigEndian: true));

    [Fact]
    public void Vorbis_by_managed_code() => Fuzz(Sounds.Managed, Sounds.Bytes("vorbis.ogg"));

    /// <summary>Most of these get past the page's checksum into the decoder.</summary>
    [Fact]
    public void Vorbis_with_right_checksums_by_managed_code() => Fuzz(Sounds.Managed, WithChecksums, Sounds.Bytes("vorbis.ogg"));

    [Fact]
    public void Ogg_by_libsndfile()
    {
        Sounds.SkipWithoutLibsndfile();
        Fuzz(Sounds.InProcess, WithChecksums, Sounds.Bytes("vorbis.ogg"), Sounds.Bytes("opus.opus"));
    }

    [Fact]
    public void FLAC()
    {
        Sounds.SkipWithoutLibsndfile();
        Fuzz(Sounds.InProcess, Sounds.Bytes("sox.flac"));
    }

    [Fact]
    public void AIFF_by_managed_code() => Fuzz(Sounds.Managed, _aiff);

    [Fact]
    public void AIFF_by_libsndfile()
    {
        Sounds.SkipWithoutLibsndfile();
        Fuzz(Sounds.InProcess, _aiff);
    }

    static void Fuzz(DecoderSet decoders, params byte[][] seeds) => Fuzz(decoders, bytes => bytes, seeds);

    static void Fuzz(DecoderSet decoders, Func<byte[], byte[]> mend, params byte[][] seeds)
    {
        using var folder = new TemporaryFolder();
        string path = folder["mutant"];
        int decoded = 0, refused = 0;
        for (int round = 0; round < Rounds; round++)
        {
            System.IO.File.WriteAllBytes(path, mend(ByteMutant.Of(seeds[round % seeds.Length], new Random(round))));
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using var stream = AudioDecoder.Open(path, decoders);
                var block = new float[Math.Max(stream.Channels, 8192 / stream.Channels * stream.Channels)];
                for (int frames = 0; stream.Read(block) is > 0 and var read; frames += read)
                    Assert.True(frames < MostFrames, $"round {round}: no end");
                decoded++;
            }
            catch (AudioDecodeException)
            {
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"round {round}: {error}");
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
        }
        Assert.True(decoded > 20 && refused > 20, $"{decoded} decoded, {refused} refused: the mutations test one side only");
    }

    /// <summary>Gives every Ogg page the checksum of what it holds now.</summary>
    static byte[] WithChecksums(byte[] bytes)
    {
        int position = 0;
        while (OggPage.TryParse(bytes.AsSpan(position), out var page) && position + page.SizeBytes <= bytes.Length)
        {
            U32(OggPage.Checksum(bytes.AsSpan(position, page.SizeBytes))).CopyTo(bytes, position + 22);
            position += page.SizeBytes;
        }
        return bytes;
    }
}
