using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Core.Tests.Serialization;

public sealed class SmallFileTests : IDisposable
{
    const int Largest = 1000;

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Text_is_read_whole_without_its_byte_order_mark()
    {
        string path = Write([0xEF, 0xBB, 0xBF, .. "übung\r\nb\n\nc"u8]);
        Assert.Equal("übung\r\nb\n\nc", SmallFile.ReadText(path, Largest));
        Assert.Equal(["übung", "b", "", "c"], SmallFile.ReadLines(path, Largest));
        Assert.Equal(15, SmallFile.ReadBytes(path, 15).Length);
        Assert.Empty(SmallFile.ReadText(Write([]), Largest));
    }

    [Fact]
    public void A_longer_file_is_refused_before_memory_is_taken_also_behind_a_link()
    {
        using (var file = new FileStream(_folder["large"], FileMode.CreateNew)) file.SetLength(1 << 30);
        File.CreateSymbolicLink(_folder["link"], "large");
        foreach (string name in (string[])["large", "link"])
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            var error = Assert.Throws<CorruptFileException>(() => SmallFile.ReadText(_folder[name], Largest));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 18);
            Assert.Equal($"{_folder[name]}: has 1,073,741,824 bytes; such a file has at most 1,000", error.Message);
        }
    }

    [Fact]
    public void Bytes_that_are_no_text_are_named_with_their_place()
    {
        Refused("line 2, byte 3: a NUL character", "ab\n\0"u8);
        Refused("line 1, byte 1: not UTF-8", [(byte)'a', 0xC3, 0x28]);
        Refused("line 3, byte 2: not UTF-8", [10, 10, 0xE2, 0x82]);
        Refused("line 1, byte 0: not UTF-8", [0xED, 0xA0, 0x80, 0]);
        Refused("is UTF-16 text", [0xFF, 0xFE, 65, 0]);

        void Refused(string problem, ReadOnlySpan<byte> bytes)
        {
            string path = Write(bytes);
            Assert.Contains($"{path}: {problem}", Assert.Throws<CorruptFileException>(() => SmallFile.ReadText(path, Largest)).Message);
            Assert.Throws<CorruptFileException>(() => SmallFile.ReadJson(path, Largest));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"a\": 1, \"a\": 2}")]
    [InlineData("{\"a\": NaN}")]
    [InlineData("{\"a\": 1} {}")]
    [InlineData("{\"\\ud800\": 1, \"\\ud800\": 1}")]
    [InlineData("// text\n{}")]
    public void Text_that_is_no_JSON_is_refused(string text)
    {
        string path = Write(Encoding.UTF8.GetBytes(text));
        var error = Assert.Throws<CorruptFileException>(() => SmallFile.ReadJson(path, Largest));
        Assert.StartsWith($"{path}: is not valid JSON: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nested_JSON_and_JSON_of_many_values_are_refused_before_memory_is_taken()
    {
        const int length = 16 << 20;
        foreach (char c in "[0")
        {
            byte[] bytes = Encoding.UTF8.GetBytes(c == '0' ? "[" + string.Concat(Enumerable.Repeat("0,", length / 2)) + "0]"
                : new string('[', length));
            string path = Write(bytes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Throws<CorruptFileException>(() => SmallFile.ReadJson(path, 2 * length));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, bytes.Length + (1 << 20));
        }
    }

    [Fact]
    public void Absence_folders_pipes_and_devices_are_named_and_not_waited_for()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the test needs named pipes and /dev/zero");
        NamedPipe.Create(_folder["pipe"]);
        foreach (var (path, problem) in ((string, string)[])[(_folder["none"], "No such file"), (_folder.FullPath, "it is a folder"),
            (_folder["pipe"], "it is a named pipe"), ("/dev/zero", "it is a device"), (_folder["nul\0"], "NUL")])
            Assert.Contains(problem, Assert.Throws<FileReadException>(() => SmallFile.ReadBytes(path, Largest)).Message);
        Assert.Contains("it is a named pipe", Assert.Throws<FileReadException>(() => SafetensorsFile.Open(_folder["pipe"])).Message);
    }

    string Write(ReadOnlySpan<byte> bytes)
    {
        File.WriteAllBytes(_folder["file"], bytes.ToArray());
        return _folder["file"];
    }
}
