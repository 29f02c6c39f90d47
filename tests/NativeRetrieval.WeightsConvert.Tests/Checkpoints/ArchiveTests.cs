using System.IO.Hashing;
using System.Runtime.InteropServices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.TestSupport.Checkpoints;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Tests.Checkpoints;

/// <summary>Variants of zip archives and legacy files around the same tensors.</summary>
public sealed class ArchiveTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    static PickleWriter WholeAndTransposed =>
        new PickleWriter().Op('}').Op('(').Text("whole").Values().Text("transposed").Tensor("FloatStorage", "0", 6, 0, [3, 2], [1, 3])
            .Op('u');

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Stored_and_deflated_archives_hold_the_same_tensors(bool deflate, bool zip64)
    {
        using var checkpoint = CheckpointFile.Open(Write(zip =>
        {
            zip.Add("archive/data.pkl", WholeAndTransposed.ToArray(), deflate);
            zip.Add("archive/data/0", PickledValues.Bytes, deflate);
        }, zip64));
        Assert.Equal([0f, 1f, 2f, 3f, 4f, 5f], Values(checkpoint, 0));
        Assert.Equal([0f, 3f, 1f, 4f, 2f, 5f], Values(checkpoint, 1));
    }

    [Fact]
    public void A_damaged_storage_is_noticed_when_it_is_read()
    {
        using var checkpoint = CheckpointFile.Open(Write(zip =>
        {
            zip.Add("archive/data.pkl", WholeAndTransposed.ToArray());
            zip.Add("archive/data/0", 0, crc: 1, 24, 24, stream => stream.Write(PickledValues.Bytes));
        }));
        Assert.Contains("tensor 'whole': CRC-32 of entry 'archive/data/0'",
            Assert.Throws<CorruptFileException>(() => Values(checkpoint, 0)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(23, "it inflates to more than 23")]
    [InlineData(25, "it inflates to 24 bytes, not 25")]
    public void A_deflated_entry_has_the_length_it_promises(int promised, string message)
    {
        using var deflated = new MemoryStream();
        using (var deflater = new System.IO.Compression.DeflateStream(deflated, System.IO.Compression.CompressionLevel.Optimal,
            leaveOpen: true))
            deflater.Write(PickledValues.Bytes);
        Assert.Contains(message,
            Refuse(zip => zip.Add("archive/data.pkl", 8, Crc32.HashToUInt32(PickledValues.Bytes), deflated.Length, promised,
            stream => stream.Write(deflated.ToArray()))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_local_header_that_contradicts_the_directory_is_refused() =>
        Assert.Contains("contradicts",
            Refuse(zip => zip.Add("archive/data.pkl", 0, 0, 2, 2, stream => stream.Write("}."u8), localName: "archive/data.abc")),
            StringComparison.Ordinal);

    [Fact]
    public void Entries_that_overlap_are_refused() => Assert.Contains("do not fit before the next entry", Refuse(zip =>
    {
        zip.Add("archive/data.pkl", 0, 0, 60, 60, stream => stream.Write("}."u8));
        zip.Add("archive/data/0", PickledValues.Bytes);
    }), StringComparison.Ordinal);

    [Fact]
    public void Names_that_occur_twice_are_refused() => Assert.Contains("two entries are named 'archive/data.pkl'", Refuse(zip =>
    {
        zip.Add("archive/data.pkl", "}."u8.ToArray());
        zip.Add("archive/data.pkl", "}."u8.ToArray());
    }), StringComparison.Ordinal);

    [Fact]
    public void A_pickle_that_inflates_beyond_measure_is_refused_before_it_does() =>
        Assert.Contains("are the most", Refuse(zip => zip.Add("archive/data.pkl", new byte[4 << 20], deflate: true)),
            StringComparison.Ordinal);

    [Fact]
    public void A_legacy_file_of_a_big_endian_machine_is_refused()
    {
        string path = _folder["big.pth"];
        File.WriteAllBytes(path, TorchFiles.LegacyHead(new PickleWriter().Op('}').ToArray(), [], littleEndian: false));
        Assert.Contains("big-endian", Assert.Throws<CorruptFileException>(() => CheckpointFile.Open(path)).Message,
            StringComparison.Ordinal);
    }

    /// <summary>Files of PyTorch 0.3 and before describe a storage that is a part of another.</summary>
    [Fact]
    public void A_part_of_a_storage_begins_where_it_says()
    {
        var pickle = new PickleWriter().Op('}').Text("w").Global("torch._utils", "_rebuild_tensor").Op('(')
            .Op('(').Text("storage").Global("torch", "FloatStorage").Text("0").Text("cpu").Integer(6).Op('(').Text("1").Integer(2)
                .Integer(3).Op('t').Op('t').Op('Q')
            .Integer(1).Tuple(2).Tuple(1).Op('t').Op('R').Op('s');
        string path = _folder["old.pth"];
        File.WriteAllBytes(path, [.. TorchFiles.LegacyHead(pickle.ToArray(), ["0"]), 6, 0, 0, 0, 0, 0, 0, 0, .. PickledValues.Bytes]);
        using var checkpoint = CheckpointFile.Open(path);
        Assert.Equal([3f, 4f], Values(checkpoint, 0));
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS pointer")]
    [InlineData("{\"error\":\"Not Found\"}", "JSON")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0", "zeros")]
    [InlineData("just words", "text")]
    public void Other_files_are_called_what_they_look_like(string content, string expected)
    {
        string path = _folder["model.bin"];
        File.WriteAllText(path, content);
        Assert.Contains(expected, Assert.Throws<CorruptFileException>(() => CheckpointFile.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pickle_of_something_else_is_told_from_a_checkpoint()
    {
        string path = _folder["dict.pkl"];
        File.WriteAllBytes(path, new PickleWriter().Op('}').ToArray());
        Assert.Contains("not one that torch.save wrote", Assert.Throws<CorruptFileException>(() => CheckpointFile.Open(path)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_absent_is_no_damaged_one() =>
        Assert.Throws<FileReadException>(() => CheckpointFile.Open(_folder["absent.pth"]));

    public void Dispose() => _folder.Dispose();

    string Write(Action<ZipWriter> fill, bool zip64 = false)
    {
        string path = _folder["archive.pth"];
        using var file = File.Create(path);
        var zip = new ZipWriter(file, zip64);
        fill(zip);
        zip.Finish();
        return path;
    }

    string Refuse(Action<ZipWriter> fill)
    {
        string path = Write(fill);
        return Assert.Throws<CorruptFileException>(() => CheckpointFile.Open(path)).Message;
    }

    static float[] Values(CheckpointFile checkpoint, int index)
    {
        using var bytes = new MemoryStream();
        checkpoint.CopyTo(checkpoint.Tensors[index], bytes, TestContext.Current.CancellationToken);
        return MemoryMarshal.Cast<byte, float>(bytes.ToArray()).ToArray();
    }
}
