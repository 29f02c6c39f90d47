using System.Diagnostics;
using System.Runtime.Versioning;
using NativeRetrieval.Audio.Metadata;
using NativeRetrieval.Audio.Tests.Decoding;

namespace NativeRetrieval.Audio.Tests.Metadata;

public sealed class FfmpegTagsTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("m4a", "aac")]
    [InlineData("wma", "wmav2")]
    public void M4A_and_WMA_are_read_by_ffmpeg(string extension, string codec)
    {
        string path = _folder[$"tide.{extension}"];
        Make("-f", "lavfi", "-i", "sine=d=0.2", "-c:a", codec, "-metadata", "title=Tide; #1 = \"high\"", "-metadata", "artist=Ida Chord",
            "-metadata", "comment=waves\nbreak\\", "-metadata", "genre=Folk", "-metadata", "album=Harbour", "-metadata", "composer=Cy",
            path);
        var text = SoundTags.Read(path);
        Assert.Equal(("Tide; #1 = \"high\"", "waves break\\", "Folk", "Harbour"), (text.Title, text.Description, text.Category,
            text.Library));
        Assert.Equal(["Cy", "Ida Chord"], text.Other?.Split("; ").Order());
        Assert.Empty(text.Notes);
    }

    [Fact]
    public void A_damaged_file_has_no_tags()
    {
        Sounds.FfmpegOrSkip();
        File.WriteAllBytes(_folder["cut.m4a"], Sounds.Bytes("aac.m4a")[..200]);
        Assert.Null(SoundTags.Read(_folder["cut.m4a"]).Title);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void A_program_that_tells_nothing_too_much_or_of_tracks()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("the stand-in is a shell script");
        var silent = Read("exec sleep 1000", TimeSpan.FromMilliseconds(200));
        Assert.Equal(["ffmpeg did not tell its tags in 0.2 s and was ended"], silent.Notes);
        var endless = Read("echo title=Kept; exec yes comment=again");
        Assert.Equal(("Kept", 2_000), (endless.Fields[0].Value, endless.Fields.Count));
        Assert.Contains("its tags have more than 1,048,576 bytes; the rest is left out", endless.Notes);
        Assert.Equal([("title", "Sea")], Read("printf ';FFMETADATA1\\ntitle=Sea\\n[CHAPTER]\\ntitle=One\\n'").Fields);
        var absent = new TagCollector();
        FfmpegTags.Read(_folder["a.m4a"], new(_folder["none"], TimeSpan.FromMinutes(1)), absent);
        Assert.Empty(absent.Fields);
    }

    [UnsupportedOSPlatform("windows")]
    TagCollector Read(string line, TimeSpan? patience = null)
    {
        string program = _folder["ffmpeg"];
        ShellScript.Write(program, line);
        var tags = new TagCollector();
        FfmpegTags.Read(_folder["a.m4a"], new(program, patience ?? TimeSpan.FromMinutes(1)), tags);
        return tags;
    }

    static void Make(params string[] arguments)
    {
        var start = new ProcessStartInfo(Sounds.FfmpegOrSkip().FullPath, ["-nostdin", "-v", "error", .. arguments])
        {
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, said);
    }
}
