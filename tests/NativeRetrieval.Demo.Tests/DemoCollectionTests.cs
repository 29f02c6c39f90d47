using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Evaluation.Data;
using System.Security.Cryptography;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Demo.Tests;

public sealed class DemoCollectionTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_caption_files_read_back_and_name_every_sound_once()
    {
        var demo = DemoCollection.Create(_folder["demo"], seed: 1, clips: 40, testClips: 10);
        var train = CaptionCsv.Read(demo.TrainCsv, demo.AudioFolder);
        var test = CaptionCsv.Read(demo.TestCsv, demo.AudioFolder);
        Assert.Equal((30, 10), (train.Clips.Count, test.Clips.Count));
        Assert.All(train.Clips.Concat(test.Clips), clip => Assert.Equal(5, clip.Captions.Count));
        Assert.Equal(
            Directory.EnumerateFiles(demo.AudioFolder).Select(Path.GetFileName).Order(),
            train.Clips.Concat(test.Clips).Select(clip => clip.FileName).Order());
    }

    [Fact]
    public void The_same_seed_gives_the_same_bytes_and_another_seed_others()
    {
        DemoCollection.Create(_folder["a"], seed: 7, clips: 8, testClips: 2);
        DemoCollection.Create(_folder["b"], seed: 7, clips: 8, testClips: 2);
        DemoCollection.Create(_folder["c"], seed: 8, clips: 8, testClips: 2);
        Assert.Equal(Fingerprint(_folder["a"]), Fingerprint(_folder["b"]));
        Assert.NotEqual(Fingerprint(_folder["a"]), Fingerprint(_folder["c"]));
    }

    [Fact]
    public void Sounds_are_32_kHz_mono_of_2_to_4_seconds()
    {
        var demo = DemoCollection.Create(_folder["demo"], seed: 3, clips: 12, testClips: 2);
        foreach (string file in Directory.EnumerateFiles(demo.AudioFolder))
        {
            using var reader = MonoReader.Open(file, 32000);
            Assert.Equal((32000, 1), (reader.SourceSampleRateHz, reader.SourceChannels));
            Assert.InRange(reader.LengthSamples!.Value, 2 * 32000, 4 * 32000);
        }
    }

    [Fact]
    public void A_folder_that_exists_is_left_alone()
    {
        Directory.CreateDirectory(_folder["mine"]);
        File.WriteAllText(_folder["mine/notes.txt"], "keep");
        var error = Assert.Throws<OptionException>(() => DemoCollection.Create(_folder["mine"], seed: 1));
        Assert.Contains("exists already", error.Message);
        Assert.Equal("keep", File.ReadAllText(_folder["mine/notes.txt"]));
    }

    [Fact]
    public void A_half_written_collection_of_a_killed_run_is_replaced_and_none_is_left_behind()
    {
        Directory.CreateDirectory(_folder["demo.nr-partial/audio"]);
        File.WriteAllText(_folder["demo.nr-partial/audio/demo-9999.wav"], "half");
        var demo = DemoCollection.Create(_folder["demo"], seed: 1, clips: 3, testClips: 1);
        Assert.Equal(3, Directory.EnumerateFiles(demo.AudioFolder).Count());
        Assert.Equal(["demo"], Directory.EnumerateFileSystemEntries(_folder.FullPath).Select(Path.GetFileName));
    }

    [Fact]
    public void A_refused_folder_leaves_nothing()
    {
        File.WriteAllText(_folder["file"], "");
        Assert.Throws<FileWriteException>(() => DemoCollection.Create(_folder["file/demo"], seed: 1, clips: 3, testClips: 1));
        Assert.Equal(["file"], Directory.EnumerateFileSystemEntries(_folder.FullPath).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2001, 100)]
    [InlineData(10, 10)]
    [InlineData(10, -1)]
    public void Impossible_numbers_are_refused(int clips, int testClips) =>
        Assert.Throws<OptionException>(() => DemoCollection.Create(_folder["demo"], seed: 1, clips, testClips));

    static string Fingerprint(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(Path.GetRelativePath(folder, file)));
            hash.AppendData(File.ReadAllBytes(file));
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
