using NativeRetrieval.Core.Errors;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Tests.Checkpoints;

/// <summary>Broken and hostile files: each is refused with a message that says which file, what and where.</summary>
public class BadCheckpointTests
{
    public static TheoryData<string> Files => CheckpointFixtures.Bad;

    [Fact]
    public void All_thirty_seven_are_listed() => Assert.Equal(37, Files.Count);

    [Theory]
    [MemberData(nameof(Files))]
    public void Is_refused_without_a_trace(string file)
    {
        string path = CheckpointFixtures.Path(file);
        var before = Directory.GetFiles(Environment.CurrentDirectory);
        var error = Refuse(path);
        Assert.StartsWith(path + ": ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(before, Directory.GetFiles(Environment.CurrentDirectory));
        Assert.False(File.Exists("OWNED"));
    }

    [Theory]
    [InlineData("bad/os_system.pth", "posix.system (os.system)")]
    [InlineData("bad/subprocess.pth", "subprocess.Popen")]
    [InlineData("bad/eval.pth", "builtins.eval")]
    [InlineData("bad/eval_legacy.pth", "builtins.eval")]
    [InlineData("bad/getattr_chain.pth", "builtins.getattr")]
    [InlineData("bad/inst_opcode.pth", "os.system")]
    [InlineData("bad/obj_opcode.pth", "os.system")]
    [InlineData("bad/stack_underflow.pth", "byte 2 of 'archive/data.pkl': an instruction takes more values than there are on the stack")]
    [InlineData("bad/memo_missing.pth", "nothing was remembered under number 5")]
    [InlineData("bad/no_stop.pth", "byte 3 of 'archive/data.pkl': the pickle ends without its STOP")]
    [InlineData("bad/mark_bomb.pth", "byte 2000002 of 'archive/data.pkl': an instruction takes more values")]
    [InlineData("bad/huge_string.pth", "2147483647 bytes are announced, 4 are left")]
    [InlineData("bad/negative_long.pth", "a length of -1 bytes")]
    [InlineData("bad/memo_index_huge.pth", "no tensors")]
    [InlineData("bad/self_reference.pth", "no tensors")]
    [InlineData("bad/deep_lists.pth", "no tensors")]
    [InlineData("bad/storage_missing.pth", "tensor 'conv.weight': its storage")]
    [InlineData("bad/storage_short.pth", "tensor 'conv.weight': its storage")]
    [InlineData("bad/truncated_half.pth", "cut short")]
    [InlineData("bad/truncated_legacy.pth", "tensor 'fc.bias': its storage")]
    [InlineData("bad/empty.pth", "empty")]
    [InlineData("bad/text.pth", "a web page")]
    [InlineData("bad/zip_slip.pth", "'../../OWNED'")]
    [InlineData("bad/zip_no_pickle.pth", "without data.pkl")]
    [InlineData("bad/big_endian.pth", "byte order is 'big'")]
    [InlineData("bad/zip_bomb.pth", "300000002 bytes")]
    [InlineData("bad/numel_overflow.pth", "tensor 'conv.weight': size [2147483647, 2147483647, 3, 3] is larger than any file")]
    [InlineData("bad/st_overlap.safetensors", "they overlap")]
    public void The_message_says_what_is_wrong(string file, string expected) =>
        Assert.Contains(expected, Refuse(CheckpointFixtures.Path(file)).Message, StringComparison.Ordinal);

    /// <summary>The memory that a file makes the reader allocate is bounded by its own length, whatever numbers it holds.</summary>
    [Theory]
    [MemberData(nameof(Files))]
    public void Costs_no_more_memory_than_its_length_gives_reason_for(string file)
    {
        string path = CheckpointFixtures.Path(file);
        Refuse(path);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refuse(path);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated <= AllocationBound.For(new FileInfo(path).Length), $"{allocated} bytes for a file of "
            + $"{new FileInfo(path).Length}");
    }

    static CorruptFileException Refuse(string path) => Assert.Throws<CorruptFileException>(() =>
    {
        using var checkpoint = CheckpointFile.Open(path);
    });
}
