using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Evaluation.Tests.Data;

public sealed class CaptionCsvTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadsClothosLayoutWithQuotesLineBreaksAndByteOrderMark()
    {
        var data = Read("\uFEFFfile_name,keywords,caption_2,caption_1\r\na.wav,x,\"second, with \"\"quotes\"\"\",first\r\n"
            + "\"b, c.wav\",y,\"two\r\nlines\",ü\r\nd.wav,,e,f", "a.wav", "b, c.wav", "d.wav");
        Assert.Equal(3, data.Clips.Count);
        Assert.Equal(6, data.CaptionCount);
        Assert.Equal(["first", "second, with \"quotes\""], data.Clips[0].Captions);
        Assert.Equal("b, c.wav", data.Clips[1].FileName);
        Assert.Equal(["ü", "two\r\nlines"], data.Clips[1].Captions);
        Assert.Equal([2, 3, 5], data.Clips.Select(clip => clip.Line));
        Assert.Equal(_folder["d.wav"], data.Clips[2].AudioPath);
    }

    [Fact]
    public void ReadsAudioCapsLayout() =>
        Assert.Equal(["a dog barks"], Read("file_name,caption\nY1.wav,a dog barks\n", "Y1.wav").Clips[0].Captions);

    [Fact]
    public void WhatIsWrittenIsReadBack()
    {
        Clip[] clips = [new("a, \"b\".wav", _folder["a, \"b\".wav"], ["two\nlines", "ü, é"], 2),
            new("c.wav", _folder["c.wav"], ["x", " y"], 3)];
        CaptionCsv.Write(_folder["out.csv"], clips);
        var read = CaptionCsv.ReadCaptions(_folder["out.csv"], _folder.FullPath).Clips;
        Assert.Equal(clips.Select(clip => (clip.FileName, clip.AudioPath)), read.Select(clip => (clip.FileName, clip.AudioPath)));
        Assert.Equal(clips.SelectMany(clip => clip.Captions), read.SelectMany(clip => clip.Captions));
    }

    [Fact]
    public void ClipsWithFewerCaptionsLeaveTheLastColumnsEmpty()
    {
        Clip[] clips = [new("a.wav", "a.wav", ["one"], 2), new("b.wav", "b.wav", ["two", "three"], 3)];
        List<string[]> texts = [];
        foreach (IEnumerable<Clip> given in (IEnumerable<Clip>[])[clips, clips.Where(_ => true)])
        {
            CaptionCsv.Write(_folder["out.csv"], given);
            texts.Add(File.ReadAllLines(_folder["out.csv"]));
        }
        Assert.Equal(["file_name,caption_1,caption_2", "a.wav,one,", "b.wav,two,three"], texts[0]);
        Assert.Equal(texts[0], texts[1]);
        Assert.Equal([1, 2], CaptionCsv.ReadCaptions(_folder["out.csv"], ".").Clips.Select(clip => clip.Captions.Count));
    }

    [Fact]
    public void AClipWithoutCaptionsIsNotWritten()
    {
        var error = Assert.Throws<OptionException>(() => CaptionCsv.Write(_folder["out.csv"], [new Clip("a.wav", "a.wav", [], 2)]));
        Assert.Contains("'a.wav' has no caption", error.Message);
        Assert.False(File.Exists(_folder["out.csv"]));
    }

    [Theory]
    [InlineData("", "line 1: the file is empty")]
    [InlineData("name,caption\na.wav,x\n", "line 1: no column 'file_name'; the columns are name, caption")]
    [InlineData("file_name,text\na.wav,x\n", "line 1: no column 'caption' or 'caption_1'")]
    [InlineData("file_name,caption,caption_1\na.wav,x,y\n", "line 1: two columns hold caption 1")]
    [InlineData("file_name,caption\n", "there is a header but no clip")]
    [InlineData("file_name,caption\na.wav,x\nb.wav, \n", "line 3: caption 1 of 'b.wav' is empty")]
    [InlineData("file_name,caption\n,x\n", "line 2: 'file_name' is empty")]
    [InlineData("file_name,caption\na.wav,x\n\na.wav,y\n", "line 4: file name 'a.wav' was already given in line 2")]
    [InlineData("file_name,caption\na.wav,x, y\n", "line 2: 3 fields, the header has 2")]
    [InlineData("file_name,caption\na.wav\n", "line 2: 1 fields, the header has 2")]
    [InlineData("file_name,caption\n../a.wav,x\n", "line 2: file name '../a.wav' must lie inside")]
    [InlineData("file_name,caption\n/etc/a.wav,x\n", "line 2: file name '/etc/a.wav' must lie inside")]
    [InlineData("file_name,caption\na.wav,\"x\nb.wav,y\n", "line 2: ")]
    public void ErrorsNameFileAndLine(string text, string message)
    {
        var error = Assert.Throws<CaptionFileException>(() => Read(text, "a.wav", "b.wav"));
        Assert.StartsWith(_folder["captions.csv"], error.Message);
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void TextThatIsNotUtf8IsRefusedWithItsLine()
    {
        File.WriteAllBytes(_folder["captions.csv"], [.. "file_name,caption\na.wav,x\nb.wav,"u8, 0xE9, .. "\n"u8]);
        Assert.Contains("line 3: the text is not UTF-8",
            Assert.Throws<CaptionFileException>(() => CaptionCsv.Read(_folder["captions.csv"], _folder.FullPath)).Message);
    }

    [Fact]
    public void MissingSoundFilesAreCountedAndTheFirstOnesListed()
    {
        string rows = string.Concat(Enumerable.Range(0, 8).Select(i => $"{i}.wav,caption {i}\n"));
        var error = Assert.Throws<CaptionFileException>(() => Read("file_name,caption\n" + rows, "3.wav"));
        Assert.Contains($"7 of 8 sound files are not in {_folder.FullPath}: "
            + "0.wav (line 2), 1.wav (line 3), 2.wav (line 4), 4.wav (line 6), 5.wav (line 7), …", error.Message);
    }

    [Fact]
    public void AbsentFileAndFolderAreNamed()
    {
        Assert.Contains("none.csv", Assert.Throws<FileReadException>(() => CaptionCsv.Read(_folder["none.csv"], _folder.FullPath)).Message);
        Assert.Contains("--audio", Assert.Throws<FileReadException>(() => CaptionCsv.Read(_folder["none.csv"], _folder["nowhere"]))
            .Message);
    }

    [Theory]
    [InlineData("clotho/train.csv", 3839, 5)]
    [InlineData("clotho/test.csv", 1045, 5)]
    [InlineData("audiocaps/train.csv", 49274, 1)]
    [InlineData("audiocaps/val.csv", 494, 5)]
    public void ReadsThePublishedCaptionFiles(string file, int clips, int captions)
    {
        if (Fixtures.Shared("data/" + file) is not { } path) { Assert.Skip(Fixtures.WhyAbsent("data/" + file)); return; }
        // Without the sounds every clip is missing; their number says that all rows were read.
        var error = Assert.Throws<CaptionFileException>(() => CaptionCsv.Read(path, _folder.FullPath));
        Assert.Contains($"{clips} of {clips} sound files are not in", error.Message);
        Assert.Equal(captions, File.ReadLines(path).First().Split(',').Length - 1);
    }

    [Fact]
    public void TheFingerprintChangesWithNamesAndCaptionsOnly()
    {
        string text = "file_name,caption_1,caption_2\na.wav,x,y\nb.wav,x,z\n";
        string original = Read(text, "a.wav", "b.wav").Fingerprint();
        Assert.Equal(original, Read(text.Replace("\n", "\r\n", StringComparison.Ordinal)).Fingerprint());
        Assert.NotEqual(original, Read(text.Replace("z", "w", StringComparison.Ordinal)).Fingerprint());
        Assert.NotEqual(original, Read("file_name,caption_1,caption_2\nb.wav,x,z\na.wav,x,y\n").Fingerprint());
    }

    Dataset Read(string csv, params string[] sounds)
    {
        foreach (string sound in sounds) File.WriteAllText(_folder[sound], "");
        File.WriteAllText(_folder["captions.csv"], csv, new UTF8Encoding(false));
        return CaptionCsv.Read(_folder["captions.csv"], _folder.FullPath);
    }
}
