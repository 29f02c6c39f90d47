using System.Runtime.Versioning;
using NativeRetrieval.Audio.Decoding.Ffmpeg;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport.Mutation;

namespace NativeRetrieval.Audio.Tests.Decoding;

public sealed class FfmpegTests
{
    [Fact]
    public void M4A_is_decoded()
    {
        Sounds.FfmpegOrSkip();
        var sound = Sounds.ReadFile(Sounds.Path("aac.m4a"));
        Assert.Equal((44100, 1, null), (sound.SampleRateHz, sound.Channels, sound.Defect));
        Assert.InRange(sound.Frames, 22050, 22050 + 1024);
        Assert.InRange(sound.Power(0.1, 0.4), 0.1, 0.15);
    }

    [Fact]
    public void A_codec_that_no_library_knows_is_decoded()
    {
        Sounds.FfmpegOrSkip();
        Assert.InRange(Sounds.ReadFile(Sounds.Path("speex.ogg")).Frames, 3900, 4200);
    }

    [Fact]
    public void Without_it_the_message_names_what_to_install() =>
        Assert.Equal($"is MP4 or M4A; decoding it takes ffmpeg, which is not installed: {FfmpegProgram.HowToInstall}, or convert it to WAV",
            Sounds.ProblemOf(Sounds.Bytes("aac.m4a"), Sounds.Managed));

    [Fact]
    public void A_file_that_holds_no_sound_is_one_clear_error()
    {
        Sounds.FfmpegOrSkip();
        string problem = Sounds.ProblemOf([.. new byte[4], .. "ftypM4A "u8, .. new byte[100]]);
        Assert.StartsWith("looks like MP4 or M4A but cannot be decoded (ffmpeg: ", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("file:", problem, StringComparison.Ordinal);
        Assert.DoesNotContain(" @ 0x", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Mutants_are_sound_or_one_clear_error()
    {
        Sounds.FfmpegOrSkip();
        byte[] seed = Sounds.Bytes("aac.m4a");
        int decoded = 0;
        for (int round = 0; round < 50; round++)
        {
            try
            {
                decoded += Sounds.Read(ByteMutant.Of(seed, new Random(round))).Frames > 0 ? 1 : 0;
            }
            catch (AudioDecodeException)
            {
                // A typed refusal is as good as sound.
            }
        }
        Assert.InRange(decoded, 1, 50);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void A_process_that_gives_nothing_is_ended()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("the stand-in is a shell script");
        using var folder = new TemporaryFolder();
        var program = Script(folder["ffmpeg"], "exec sleep 1000");
        string problem = Sounds.ProblemOf(Sounds.Bytes("aac.m4a"), new(false, program));
        Assert.Equal("ffmpeg gave nothing for 0.2 s; it was ended", problem);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void What_it_complains_about_is_a_defect()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("the stand-in is a shell script");
        using var folder = new TemporaryFolder();
        const string header = @".snd\000\000\000\030\377\377\377\377\000\000\000\006\000\000\037\100\000\000\000\001";
        const string samples = @"\077\000\000\000\277\000\000\000";
        var program = Script(folder["ffmpeg"], $"printf '{header}{samples}'; echo '[aac @ 0x55d0aa] bad frame' >&2");
        program = program with { Patience = TimeSpan.FromMinutes(1) };
        var sound = Sounds.Read(Sounds.Bytes("aac.m4a"), new(false, program));
        Assert.Equal([0.5f, -0.5f], sound.Samples);
        Assert.Equal((8000, "ffmpeg met damage ([aac] bad frame); 0.00 s could be decoded"), (sound.SampleRateHz, sound.Defect));
    }

    [UnsupportedOSPlatform("windows")]
    static FfmpegProgram Script(string path, string line)
    {
        ShellScript.Write(path, line);
        return new(path, TimeSpan.FromMilliseconds(200));
    }
}
