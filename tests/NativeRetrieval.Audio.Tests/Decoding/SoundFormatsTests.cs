using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Audio.Decoding.Ffmpeg;

namespace NativeRetrieval.Audio.Tests.Decoding;

public sealed class SoundFormatsTests
{
    [Theory]
    [InlineData(".wav", "built in", "built in", "built in")]
    [InlineData(".mp3", "NLayer", "NLayer", "NLayer")]
    [InlineData(".ogg", "libsndfile", "NVorbis", "NVorbis")]
    [InlineData(".aiff", "libsndfile", "NAudio", "NAudio")]
    [InlineData(".flac", "libsndfile", null, "ffmpeg")]
    [InlineData(".opus", "libsndfile", null, "ffmpeg")]
    [InlineData(".m4a", null, null, "ffmpeg")]
    [InlineData(".wma", null, null, "ffmpeg")]
    public void Each_kind_names_its_decoder_or_what_to_install(string extension, string? byLibrary, string? byManagedCode, string? byFfmpeg)
    {
        var program = new FfmpegProgram("/usr/bin/ffmpeg", TimeSpan.FromMinutes(1));
        foreach (var (decoders, expected) in ((DecoderSet, string?)[])
            [(new(true, null), byLibrary), (new(false, null), byManagedCode), (new(false, program), byFfmpeg)])
        {
            var kind = Assert.Single(SoundFormats.For(decoders), kind => kind.Extensions.Contains(extension));
            Assert.Equal(expected, kind.ReadBy);
            Assert.Equal(expected is null, kind.HowToInstall is not null);
        }
    }
}
