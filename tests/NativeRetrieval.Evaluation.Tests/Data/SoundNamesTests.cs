using System.Text;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Evaluation.Tests.Data;

/// <summary>The rules from a row to its sound file: AudioCaps, WavCaps, Unicode's forms and near misses.</summary>
public sealed class SoundNamesTests : IDisposable
{
    const string AudioCaps = "audiocap_id,youtube_id,start_time,caption\n91139,r1nicOVtvkQ,130,water pours\n";

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("r1nicOVtvkQ.wav")]
    [InlineData("Yr1nicOVtvkQ.flac")]
    [InlineData("train/Yr1nicOVtvkQ.mp3")]
    [InlineData("r1nicOVtvkQ_130.ogg")]
    [InlineData("r1nicOVtvkQ_130_140.wav")]
    [InlineData("Yr1nicOVtvkQ_130.000_140.000.wav")]
    [InlineData("r1nicOVtvkQ_130000.wav")]
    [InlineData("r1nicOVtvkQ_130000_140000.flac")]
    [InlineData("91139.wav")]
    public void AudioCapsFilesAreFoundByTheirUsualNames(string file)
    {
        var clip = Assert.Single(Read(AudioCaps, file, "Yr1nicovtvkq.wav", "r1nicOVtvkQ_13.wav", "1.wav").Clips);
        Assert.Equal(("r1nicOVtvkQ_130", _folder["audio/" + file], 2), (clip.FileName, clip.AudioPath, clip.Line));
        Assert.Equal(["water pours"], clip.Captions);
        Assert.Equal(["r1nicOVtvkQ_130"], CaptionCsv.ReadCaptions(_folder["table"], ".").Clips.Select(read => read.FileName));
    }

    [Fact]
    public void TwoFilesForOneRowAreNamed()
    {
        string message = Refused(AudioCaps, "Yr1nicOVtvkQ.wav", "sub/r1nicOVtvkQ_130.flac");
        Assert.Contains("line 2: 2 files fit 'r1nicOVtvkQ_130': ", message);
        Assert.Contains(_folder["audio/Yr1nicOVtvkQ.wav"], message);
        Assert.Contains(_folder["audio/sub/r1nicOVtvkQ_130.flac"], message);
    }

    [Fact]
    public void AMissingAudioCapsFileNamesWhatWasLookedFor()
    {
        string message = Refused(AudioCaps, "x.wav");
        Assert.Contains($"1 of 1 sound files are not in {_folder["audio"]}: r1nicOVtvkQ_130 (line 2)", message);
        Assert.Contains("looked for r1nicOVtvkQ, Yr1nicOVtvkQ, r1nicOVtvkQ_130, r1nicOVtvkQ_130_140, r1nicOVtvkQ_130.000, "
            + "r1nicOVtvkQ_130.000_140.000, r1nicOVtvkQ_130000, r1nicOVtvkQ_130000_140000, Yr1nicOVtvkQ_130", message);
        Assert.EndsWith(", 91139, these with any extension of a sound, in it and below", message);
    }

    [Theory]
    [InlineData("Ya.wav")]
    [InlineData("1.wav")]
    [InlineData("2.wav")]
    public void FiveRowsOfAnAudioCapsClipAreOneClipAlsoWithEqualCaptions(string file)
    {
        var data = Read("audiocap_id,youtube_id,start_time,caption\n1,a,30,rain\n2,a,30,rain\n3,a,30.0,wind\n4,b,0,x\n", file, "b.wav");
        Assert.Equal(["rain rain wind", "x"], data.Clips.Select(clip => string.Join(' ', clip.Captions)));
        Assert.Equal(_folder["audio/" + file], data.Clips[0].AudioPath);
    }

    [Theory]
    [InlineData("1,a,30,rain\n1,a,30,rain\n", "line 3: 'a_30' was already given with this caption in line 2")]
    [InlineData("1,a,30,rain\n2,a,60,wind\n", "line 3: 'a_60' and 'a_30' (line 2) are the same file")]
    [InlineData("1,a,soon,rain\n", "line 2: start_time 'soon' is not a number of seconds")]
    [InlineData("1,a,-1,rain\n", "line 2: start_time '-1' is not a number of seconds")]
    [InlineData("1,,30,rain\n", "line 2: 'youtube_id' is empty")]
    [InlineData("1,a,30,\n", "line 2: 'a_30' has no caption")]
    public void AudioCapsRowsThatContradictAreRefused(string rows, string message) =>
        Assert.Contains(message, Refused("audiocap_id,youtube_id,start_time,caption\n" + rows, "a.wav"));

    [Theory]
    [InlineData("2219", "2219.flac", "wav_path")]
    [InlineData("2219", "SoundBible/2219.wav", "/elsewhere/2219.flac")]
    [InlineData("Yb0RFKhbpFJA.wav", "Yb0RFKhbpFJA.flac", "wav_path")]
    [InlineData("2219", "sub/dir/other.flac", "sub/dir/other.flac")]
    public void WavCapsFilesAreFoundByIdOrAudio(string id, string file, string audio)
    {
        string json = $$"""
            {"num_captions_per_audio": 1, "data": [
              {"title": "Landing", "caption": "An airplane lands.", "id": "{{id}}", "duration": 14.1, "audio": "{{audio}}"}]}
            """;
        var clip = Assert.Single(Read(json, file, "x.wav").Clips);
        Assert.Equal((id, _folder["audio/" + file], 2), (clip.FileName, clip.AudioPath, clip.Line));
        Assert.Equal(["An airplane lands."], clip.Captions);
        Assert.False(QueryCsv.HasNoAnswers(_folder["table"]));
    }

    [Fact]
    public void NamesAreTheSameInBothOfUnicodesForms()
    {
        string composed = "Ger\u00E4t.wav", decomposed = composed.Normalize(NormalizationForm.FormD);
        var clip = Assert.Single(Read($"file_name,caption\n{composed},x\n{decomposed},y\n", decomposed).Clips);
        Assert.Equal((composed, _folder["audio/" + decomposed]), (clip.FileName, clip.AudioPath));
        Assert.Equal(["x", "y"], clip.Captions);
    }

    [Theory]
    [InlineData("dog.wav", "Dog.WAV")]
    [InlineData("sub\\dog.wav", "sub/dog.wav")]
    [InlineData("dog.wav", "dog.flac")]
    [InlineData("dog", "dog.wav")]
    [InlineData("dog.wav", "train/dog.wav")]
    [InlineData("clips/dog.wav", "dog.wav")]
    [InlineData("dog.wav ", "dog.wav")]
    public void NearMissesAreNamedAndNotGuessed(string asked, string file)
    {
        string text = $"file_name,caption\nhere.wav,x\n{asked},y\n";
        Assert.Contains($"{asked} (line 3; {file} is in the folder; did you mean it?)", Refused(text, "here.wav", file));
        var findings = new DataFindings();
        Assert.Equal(["here.wav"], CaptionCsv.Read(_folder["table"], _folder["audio"], findings).Clips.Select(clip => clip.FileName));
        Assert.Contains($"{file} is in the folder", Assert.Single(Assert.Single(findings.ToList()).Examples));
    }

    [Fact]
    public void WhatIsLeftOutIsAFinding()
    {
        var findings = new DataFindings();
        Write("file_name,caption\na.wav,x\na.wav,x\n./a.wav,y\nb.wav,\n", "a.wav", "b.wav");
        Assert.Equal(["x"], Assert.Single(CaptionCsv.Read(_folder["table"], _folder["audio"], findings).Clips).Captions);
        Assert.Equal([(DataProblem.EmptyCaption, "b.wav (line 5)"), (DataProblem.DuplicateFileName, "a.wav (lines 2 and 3)")],
            findings.ToList().Select(finding => (finding.Problem, finding.Examples[0])));
        Assert.Equal("./a.wav (line 4) and a.wav (line 2) are the same file", findings.ToList()[1].Examples[1]);
    }

    [Theory]
    [InlineData("file_name,caption_1,caption_2\na.wav,x,\"y, z\"\nb.wav,ü,\n",
        "f477b8c190cf8e74cb6b8fb168b717921b5bcdb1bfee21cdf39fe9bc8319291f")]
    [InlineData("file_name,caption\nY1.wav,a dog barks\nY2.wav,rain\n", "ab5021a353eb5f4259f0f4bc394ebe203f4efecdddc30c0f9116bb7b34dfc9ac")]
    public void TheFingerprintOfKnownLayoutsStays(string text, string fingerprint)
    {
        Write(text);
        Assert.Equal(fingerprint, CaptionCsv.ReadCaptions(_folder["table"], ".").Fingerprint());
    }

    [Theory]
    [InlineData("clotho/val.csv", "4e92629842bd606b3bf3715f21dda5ea5612aed15602bfe6ea0fbdcb101d0816")]
    [InlineData("audiocaps/val.csv", "c6417bbfbe81317334f890f960f7a03367ca444cf608ce900e5e2e80a6bcbf5f")]
    [InlineData("audiocaps/train.csv", "38bd38b5e0a99116b80ce796fb7cc7697859b7c96e3cfc2436a832b780647e34")]
    [InlineData("esc/train.csv", "1de9f07af30097676be0c4184580f6132f7637d808b3f1713f63fbe4fe812b30")]
    public void TheFingerprintOfPublishedFilesStays(string file, string fingerprint)
    {
        if (Fixtures.Shared("data/" + file) is not { } path) { Assert.Skip(Fixtures.WhyAbsent("data/" + file)); return; }
        Assert.Equal(fingerprint, CaptionCsv.ReadCaptions(path, ".").Fingerprint());
    }

    string Refused(string text, params string[] sounds) => Assert.Throws<CaptionFileException>(() => Read(text, sounds)).Message;

    Dataset Read(string text, params string[] sounds)
    {
        Write(text, sounds);
        return CaptionCsv.Read(_folder["table"], _folder["audio"]);
    }

    void Write(string text, params string[] sounds)
    {
        Directory.CreateDirectory(_folder["audio"]);
        foreach (string sound in sounds)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder["audio/" + sound])!);
            File.WriteAllText(_folder["audio/" + sound], "");
        }
        File.WriteAllText(_folder["table"], text, new UTF8Encoding(false));
    }
}
