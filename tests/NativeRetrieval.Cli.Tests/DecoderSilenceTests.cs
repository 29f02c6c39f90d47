using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;
using NativeRetrieval.TestSupport.Mutation;

namespace NativeRetrieval.Cli.Tests;

/// <summary>Decoders that have their own opinion of damage keep it to themselves: both streams of the process are the program's.</summary>
public sealed class DecoderSilenceTests
{
    const int MutantsOfEach = 40;

    [Fact]
    public void Damaged_sounds_of_every_kind_leave_only_the_programs_own_lines()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["s"]);
        byte[] mp3 = File.ReadAllBytes(Fixtures.Small("sounds/lame-stereo.mp3"));
        (string Name, byte[] Bytes)[] seeds =
        [
            .. Directory.GetFiles(Fixtures.Small("sounds")).Where(path => !path.EndsWith(".md", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal).Select(path => (Path.GetFileName(path), File.ReadAllBytes(path))),
            ("mpeg.wav", WavFile.OfMpeg(mp3)), ("mpeg-rifx.wav", WavFile.OfMpeg(mp3, isBigEndian: true)),
        ];
        foreach (var (name, bytes) in seeds)
            for (int i = 0; i < MutantsOfEach; i++)
                File.WriteAllBytes(folder[$"s/{i}-{name}"], ByteMutant.Of(bytes, new Random(i)));

        // ffmpeg, which has a pipe of its own for what it says, is not found: no thousand processes are started.
        var alone = new Dictionary<string, string> { ["PATH"] = "/nonexistent", ["NO_COLOR"] = "1" };
        var run = CommandLine.Start(alone, "index", folder["s"], "--model", TinyModel.Write(folder["model"]), "--to", folder["i.nrx"],
            "--device", "cpu", "--quiet");

        Assert.Equal(ExitCode.Partial, run.ExitCode);
        Assert.Equal("", run.Out);
        string[] lines = run.Error.TrimEnd('\n').Split('\n');
        Assert.True(lines.Length > seeds.Length * MutantsOfEach / 2, "few of the mutants are damaged");
        string place = Path.GetRelativePath(Environment.CurrentDirectory, folder["s"]);
        Assert.All(lines, line => Assert.Matches(
            $"^(warning: \\d+ files |(warning:|  )?\\s*({Regex(folder["s"])}|{Regex(place)})/)", line));

        static string Regex(string text) => System.Text.RegularExpressions.Regex.Escape(text);
    }
}
