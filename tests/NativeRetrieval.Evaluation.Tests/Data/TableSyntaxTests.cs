using System.Text;
using FsCheck;
using FsCheck.Fluent;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Evaluation.Tests.Data;

/// <summary>Encodings, separators, headers and JSON, through captions, queries and answers.</summary>
public sealed class TableSyntaxTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(",", "\n")]
    [InlineData(";", "\r\n")]
    [InlineData("\t", "\r")]
    public void SeparatorsAndLineEndsGiveTheSameClips(string separator, string end)
    {
        string text = string.Join(end, "file_name,caption_1,caption_2", "a.wav,one,two", "", "b.wav,three,four", "")
            .Replace(",", separator, StringComparison.Ordinal);
        AssertTwoClips(text, lines: [2, 4]);
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public void ByteOrderMarksNameTheEncoding(string name)
    {
        var encoding = Encoding.GetEncoding(name);
        File.WriteAllText(_folder["table"], "file_name\tcaption\r\nü.wav\tein Gerät 🎵\r\n", encoding);
        var clip = Assert.Single(Captions().Clips);
        Assert.Equal(("ü.wav", "ein Gerät 🎵"), (clip.FileName, Assert.Single(clip.Captions)));
    }

    [Theory]
    [InlineData("sep=;\r\n")]
    [InlineData("SEP=;\n")]
    public void ExcelsFirstLineNamesTheSeparator(string first) =>
        AssertTwoClips(first + "file_name;caption_1;caption_2;a,b,c,d,e\na.wav;one;two;\nb.wav;\"three\";four;x\n", lines: [3, 4]);

    [Theory]
    [InlineData("File Name,Caption 1,CAPTION_2")]
    [InlineData(" file_name ,Caption1, caption 2 ")]
    [InlineData("FILENAME,\"Caption 1\",Caption_2,,")]
    [InlineData(",file name,caption,caption_2")]
    public void HeadersAreReadInAnyCaseWithSpaces(string header)
    {
        string index = header.StartsWith(',') ? "0," : "";
        AssertTwoClips($"{header}\n{index}a.wav,one,two\n{index}b.wav,three,four,,,\n,,,\n\n", lines: [2, 3]);
    }

    [Fact]
    public void BlankRowsAboveTheHeaderAreCountedAndPassedOver() =>
        AssertTwoClips(",,\n\nfile_name,caption_1,caption_2\na.wav,one,two\nb.wav,three,four\n", lines: [4, 5]);

    [Fact]
    public void ClipsMayHaveFewerCaptionsThanOthers()
    {
        Write("file_name,caption_1,caption_2,caption_3\na.wav,one,,three\nb.wav,two\nc.wav,,,four\n");
        Assert.Equal(["one three", "two", "four"], Captions().Clips.Select(clip => string.Join(' ', clip.Captions)));
    }

    [Fact]
    public void RowsOfOneClipAreJoinedInTheirOrder()
    {
        Write("file_name,caption\na.wav,one\nb.wav,x\na.wav,two\na.wav,\"th,ree\"\n");
        var clips = Captions().Clips;
        Assert.Equal(["a.wav", "b.wav"], clips.Select(clip => clip.FileName));
        Assert.Equal(["one", "two", "th,ree"], clips[0].Captions);
        Assert.Equal(2, clips[0].Line);
    }

    [Theory]
    [InlineData("{\"file_name\": \"a.wav\", \"captions\": [\"one\", \"two\"]}\n\n{\"audio\": \"b.wav\", \"file_name\": \"b.wav\","
        + " \"caption_1\": \"three\", \"caption_2\": \"four\", \"tags\": {\"x\": [1]}}\n", 1, 3)]
    [InlineData("[{\"path\": \"a.wav\", \"caption\": [\"one\", \"two\"]},\n"
        + " {\"caption\": [\"three\", \"four\"], \"path\": \"b.wav\"}]", 1, 2)]
    [InlineData("{\"path\": \"a.wav\", \"caption\": \"one\"}\r\n{\"path\": \"a.wav\", \"caption\": \"two\"}\r\n"
        + "{\"path\": \"b.wav\", \"captions\": [\"three\", null, \"\", \"four\"]}", 1, 3)]
    [InlineData("\n{\n \"data\": [\n  {\"audio\": \"a.wav\",\n \"captions\": [\"one\", \"two\"]},\n"
        + "  {\"audio\": \"b.wav\", \"caption_1\": \"three\", \"caption_2\": \"four\"}\n ], \"num_captions_per_audio\": 2\n}", 4, 6)]
    public void JsonHoldsTheSameClips(string text, int first, int second) => AssertTwoClips(text, [first, second]);

    [Theory]
    [InlineData("{\"file_name\": \"a.wav\", \"caption\": \"x\"}\n{\"file_name\": \"b.wav\" \"caption\"", "line 2: malformed JSON: ")]
    [InlineData("{\"file_name\": \"a.wav\", \"caption\": \"x\"}\n7\n", "line 2: expected an object with the fields of a clip, got Number")]
    [InlineData("[[{\"file_name\": \"a.wav\", \"caption\": \"x\"}]]",
        "line 1: expected an object with the fields of a clip, got StartArray")]
    [InlineData("{\"file_name\": \"a.wav\", \"caption\": \"x\"}\n{\"caption\": \"y\"}", "line 2: 'file_name' is empty")]
    [InlineData("{\"file_name\": \"\\ud800\", \"caption\": \"x\"}", "line 1: malformed JSON: ")]
    [InlineData("{\"sound\": \"a.wav\", \"text\": \"a\\u0007b\"}",
        "the columns are sound, text. The file looks like JSON; the first row is a.wav | a·b.")]
    [InlineData("[]", "line 1: there is no clip")]
    public void JsonThatIsNoTableIsRefusedWithItsLine(string text, string message)
    {
        Write(text);
        Assert.Contains(message, Assert.Throws<CaptionFileException>(() => Captions()).Message);
    }

    [Theory]
    [InlineData("Name;Beschreibung\na.wav;x, y\n",
        "the columns are Name, Beschreibung. The file looks like CSV with semicolons; the first row is a.wav | x, y. Known layouts: ")]
    [InlineData("a.wav\tsome words\nb.wav\tmore\n",
        "the columns are a.wav, some words. The file looks like CSV with tabs; the first row is b.wav | more")]
    [InlineData("file_name\na.wav\n",
        "no column 'caption' or 'caption_1' holds captions; the columns are file_name. The file looks like CSV of one column")]
    public void ATableOfAnotherLayoutIsDescribed(string text, string message)
    {
        Write(text);
        Assert.Contains(message, Assert.Throws<CaptionFileException>(() => Captions()).Message);
    }

    [Theory]
    [InlineData("file_name,caption\na.wav,x\0\n", "line 2: there is a NUL character")]
    [InlineData("file_name,caption\r\na.wav,x\r\n\r\nb.wav,\uFFFF\r\n", "line 4: the text is not UTF-8; save the file as UTF-8")]
    public void BytesThatAreNotTextAreRefusedWithTheirLine(string text, string message)
    {
        Write(text);
        Assert.Contains(message, Assert.Throws<CaptionFileException>(() => Captions()).Message);
    }

    [Theory]
    [InlineData((byte)0, "", "NUL")]
    [InlineData((byte)'x', "", "is longer than")]
    [InlineData((byte)',', "", "is longer than")]
    [InlineData((byte)'x', "file_name,caption\na.wav,\"", "is longer than")]
    [InlineData((byte)'x', "{\"file_name\": \"", "is longer than")]
    [InlineData((byte)' ', "{\"file_name\":", "is longer than")]
    public void EndlessLinesAreRefusedInBoundedMemory(byte filling, string start, string message)
    {
        byte[] block = new byte[1 << 20];
        block.AsSpan().Fill(filling);
        using (var file = File.Create(_folder["table"]))
        {
            file.Write(Encoding.UTF8.GetBytes(start));
            for (int i = 0; i < 48; i++) file.Write(block);
            file.SetLength(1L << 30); // the rest is a hole
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains(message, Assert.Throws<CaptionFileException>(() => Captions()).Message);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 256 << 20);
    }

    [Fact]
    public void AnyTextSurvivesEverySeparatorAndEncoding() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(200), Prop.ForAll(
        ArbMap.Default.GeneratorFor<string>().Where(IsCaption).NonEmptyListOf().ToArbitrary(),
        ArbMap.Default.GeneratorFor<NonNegativeInt>().Three().ToArbitrary(),
        (captions, choice) =>
        {
            var (separator, end, encoding) = choice;
            string between = new[] { ",", ";", "\t" }[separator.Get % 3], lineEnd = new[] { "\n", "\r\n", "\r" }[end.Get % 3];
            var text = new StringBuilder(string.Join(between, "File Name", "Caption 1", "x") + lineEnd);
            for (int i = 0; i < captions.Count; i++)
            {
                string quoted = '"' + captions[i].Replace("\"", "\"\"", StringComparison.Ordinal) + '"';
                text.Append(string.Join(between, $"{i}.wav", quoted, "")).Append(lineEnd);
            }
            Encoding[] encodings = [new UTF8Encoding(false), Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode];
            File.WriteAllText(_folder["table"], text.ToString(), encodings[encoding.Get % 4]);
            Assert.Equal(captions, Captions().Clips.Select(clip => clip.Captions[0]));
        }));

    [Theory]
    [InlineData("sep=;\r\nFile Name;Caption 1;x\r\na.wav;\"o;n\"\"e\";\r\nb.wav;two;\r\n")]
    [InlineData("audiocap_id,youtube_id,start_time,caption\n1,a,30,rain\n2,a,30.5,\"wind, rain\"\n")]
    [InlineData("{\"data\": [{\"id\": \"1\", \"caption\": [\"x\", \"\\u00fc\"], \"audio\": null}, {\"id\": 2, \"caption\": \"y\"}]}")]
    [InlineData("{\"path\": \"a.wav\", \"captions\": [\"x\"]}\n{\"path\": \"b.wav\", \"captions\": [\"y\", [1], {}]}\n")]
    public void DamagedTablesAreReadOrRefused(string text)
    {
        var random = new Random(7);
        for (int mutant = 0; mutant < 500; mutant++)
        {
            byte[] bytes = (mutant % 3 == 0 ? Encoding.Unicode : Encoding.UTF8).GetBytes('\uFEFF' + text);
            for (int i = random.Next(4); i >= 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(_folder["table"], bytes[..random.Next(bytes.Length / 2, bytes.Length + 1)]);
            foreach (Action read in (Action[])[() => Captions(), () => CaptionCsv.Read(_folder["table"], _folder.FullPath),
                () => RelevanceCsv.Read(_folder["table"]), () => QueryCsv.Read(_folder["table"])])
                if (Record.Exception(read) is { } error) Assert.IsType<CaptionFileException>(error);
        }
    }

    [Fact]
    public void QueriesAndAnswersAreReadAsCaptionsAre()
    {
        File.WriteAllText(_folder["table"], "sep=;\r\nID;Query\r\n1;rain, then wind\r\n2;ü\r\n;\r\n", Encoding.Unicode);
        Assert.True(QueryCsv.HasNoAnswers(_folder["table"]));
        Assert.Equal(["rain, then wind", "ü"], QueryCsv.Read(_folder["table"]));
        File.WriteAllText(_folder["table"], "Query\tAudio Filenames\r\nrain\t['a.wav', 'b.wav']\r\n", Encoding.Unicode);
        Assert.Equal(["a.wav", "b.wav"], Assert.Single(RelevanceCsv.Read(_folder["table"])).FileNames);
        Write("{\"query\": \"rain\", \"audio_filenames\": [\"a.wav\", \"b.wav\"]}\n"
            + "{\"query\": \"rain\", \"audio_filenames\": [\"c.wav\"]}\n");
        Assert.Equal(["a.wav", "b.wav", "c.wav"], Assert.Single(RelevanceCsv.Read(_folder["table"])).FileNames);
        Write("{\"query\": \"rain\"}\n{\"query\": \"wind\"}\n");
        Assert.Equal(["rain", "wind"], QueryCsv.Read(_folder["table"]));
    }

    /// <summary>Text that a caption may be: something to see, and nothing that no file of text holds.</summary>
    static bool IsCaption(string? text) => !string.IsNullOrWhiteSpace(text) && !text.Contains('\0') && !text.Contains('\uFFFF')
        && text.EnumerateRunes().All(rune => rune != Rune.ReplacementChar);

    void AssertTwoClips(string text, int[] lines)
    {
        Write(text);
        var clips = Captions().Clips;
        Assert.Equal(["a.wav", "b.wav"], clips.Select(clip => clip.FileName));
        Assert.Equal(["one", "two", "three", "four"], clips.SelectMany(clip => clip.Captions));
        Assert.Equal(lines, clips.Select(clip => clip.Line));
    }

    void Write(string text) => File.WriteAllText(_folder["table"], text, new UTF8Encoding(false));

    Dataset Captions() => CaptionCsv.ReadCaptions(_folder["table"], ".");
}
