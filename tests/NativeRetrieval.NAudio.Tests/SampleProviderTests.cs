using NAudio.Wave;
using NAudio.Wave.SampleProviders;
using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.NAudio.Tests;

/// <summary>The bridge between sample providers and sounds, there and back.</summary>
public sealed class SampleProviderTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(1, 44_100, 1)]
    [InlineData(1, 8_000, 1000)]
    [InlineData(2, 48_000, 7)]
    [InlineData(2, 32_000, 4096)]
    [InlineData(6, 96_000, 5)]
    [InlineData(24, 44_100, 100)]
    public void A_file_read_as_a_provider_keeps_its_bits_whatever_number_of_samples_is_asked_for(int channels, int rateHz, int asked)
    {
        float[] samples = Sounds.Noise(1001 * channels);
        Sounds.WriteWav(_folder["a.wav"], WaveFormat.CreateIeeeFloatWaveFormat(rateHz, channels), samples);
        using var stream = AudioDecoder.Open(_folder["a.wav"]);
        var provider = stream.ToSampleProvider();
        Assert.Equal((rateHz, channels, WaveFormatEncoding.IeeeFloat),
            (provider.WaveFormat.SampleRate, provider.WaveFormat.Channels, provider.WaveFormat.Encoding));

        var all = new List<float>();
        var room = new float[asked];
        int read;
        do
        {
            read = provider.Read(room);
            all.AddRange(room.AsSpan(0, read));
        }
        while (read == asked);
        Assert.Equal(0, provider.Read(room));
        Sounds.AssertSameBits(samples, [.. all]);
    }

    [Theory]
    [InlineData(1, int.MaxValue)]
    [InlineData(2, 1)]
    [InlineData(2, 3)]
    [InlineData(8, 5)]
    [InlineData(8, 12)]
    public void A_provider_that_gives_few_samples_at_a_time_is_read_whole_frame_by_whole_frame(int channels, int atMost)
    {
        float[] samples = Sounds.Noise(333 * channels);
        using var stream = new ListProvider(22_050, channels, samples, atMost).ToAudioStream("list", lengthFrames: 333);
        Assert.Equal((22_050, channels, 333L), (stream.SampleRateHz, stream.Channels, stream.LengthFrames));
        Sounds.AssertSameBits(samples, Sounds.ReadAll(stream, 50 * channels + channels - 1));
        Assert.Null(stream.Defect);
    }

    [Fact]
    public void Through_both_bridges_a_stereo_sound_stays_as_it_is()
    {
        float[] samples = Sounds.Noise(2 * 5000);
        using var inner = new ListProvider(44_100, 2, samples, atMost: 13).ToAudioStream("inner");
        using var outer = inner.ToSampleProvider().ToAudioStream("outer");
        Sounds.AssertSameBits(samples, Sounds.ReadAll(outer, 999));
    }

    [Fact]
    public void A_resampling_provider_gives_the_samples_that_NAudio_computes()
    {
        float[] source = Sounds.Noise(2 * 44_100);
        WdlResamplingSampleProvider Resampled() => new(new ListProvider(44_100, 2, source), 32_000);
        var alone = Resampled();
        var expected = new float[2 * 40_000];
        var room = expected.AsSpan();
        for (int read; (read = alone.Read(room[..512])) > 0;) room = room[read..];
        using var stream = Resampled().ToAudioStream("resampled");
        Assert.Equal(32_000, stream.SampleRateHz);
        float[] actual = Sounds.ReadAll(stream, 512);
        Assert.InRange(actual.Length, 2 * 31_900, 2 * 32_100);
        Sounds.AssertSameBits(expected.AsSpan(0, expected.Length - room.Length), actual);
    }

    [Fact]
    public void A_provider_that_throws_is_an_error_with_its_name_and_place()
    {
        var failure = new InvalidOperationException("the device was unplugged");
        using var stream = new ListProvider(8_000, 2, new float[20], failure: failure).ToAudioStream("line in");
        Assert.Equal(10, stream.Read(new float[100]));
        var error = Assert.Throws<AudioDecodeException>(() => stream.Read(new float[100]));
        Assert.Equal("line in: cannot be read after frame 10 (InvalidOperationException: the device was unplugged)", error.Message);
        Assert.Same(failure, error.InnerException);
    }

    [Fact]
    public void A_provider_that_is_cancelled_is_no_damaged_sound()
    {
        using var stream = new ListProvider(8_000, 1, [], failure: new OperationCanceledException()).ToAudioStream("line in");
        Assert.Throws<OperationCanceledException>(() => stream.Read(new float[100]));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(1e20f)]
    public void Samples_that_are_no_sound_are_refused_with_their_place(float bad)
    {
        using var stream = new ListProvider(8_000, 2, [0, 0, 0, bad]).ToAudioStream("list");
        Assert.Contains("list: frame 1, channel 1:", Assert.Throws<AudioDecodeException>(() => stream.Read(new float[100])).Message);
    }

    [Fact]
    public void A_last_frame_that_is_not_whole_is_left_out_and_told()
    {
        using var stream = new ListProvider(8_000, 3, [.. Sounds.Noise(11)]).ToAudioStream("list");
        Sounds.AssertSameBits(Sounds.Noise(11).AsSpan(0, 9), Sounds.ReadAll(stream, 300));
        Assert.Equal("its last 2 samples are less than a frame of 3 channels; they are left out", stream.Defect);
    }

    [Fact]
    public void A_provider_that_claims_more_than_it_was_asked_for_is_refused()
    {
        using var stream = new Liar().ToAudioStream("liar");
        Assert.Equal("liar: gave 101 samples after frame 0; expected 0 to the 100 that were asked for",
            Assert.Throws<AudioDecodeException>(() => stream.Read(new float[100])).Message);
    }

    [Fact]
    public void Room_for_less_than_a_frame_is_a_mistake_of_the_caller()
    {
        using var stream = new ListProvider(8_000, 2, new float[20]).ToAudioStream("list");
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Read(new float[1]));
    }

    [Theory]
    [InlineData(0, 8_000)]
    [InlineData(1, 0)]
    public void A_format_without_channels_or_rate_is_refused(int channels, int rateHz) =>
        Assert.Equal($"list: says it has {channels} channels at {rateHz} Hz; expected at least 1 of each",
            Assert.Throws<AudioDecodeException>(() => new ListProvider(rateHz, channels, []).ToAudioStream("list")).Message);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_provider_is_disposed_with_its_stream_unless_it_is_left_open(bool leaveOpen)
    {
        var provider = new ListProvider(8_000, 1, []);
        provider.ToAudioStream("list", leaveOpen: leaveOpen).Dispose();
        Assert.Equal(!leaveOpen, provider.IsDisposed);
    }

    public void Dispose() => _folder.Dispose();

    sealed class Liar : ISampleProvider
    {
        public WaveFormat WaveFormat { get; } = WaveFormat.CreateIeeeFloatWaveFormat(8_000, 1);

        public int Read(Span<float> buffer) => buffer.Length + 1;
    }
}
