using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.TestSupport.Checkpoints;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Tests.Checkpoints;

/// <summary>The instructions that make the most of a byte, a hundred kilobytes of them.</summary>
public class AllocationTests
{
    const int PickleBytes = 100_000;

    public static TheoryData<string, byte[], byte[]> Patterns { get; } = new()
    {
        { "empty lists", [], "]"u8.ToArray() },
        { "lists in lists", [], "]]a"u8.ToArray() },
        { "tuples in tuples", "N"u8.ToArray(), [0x85] },
        { "dictionaries of one", [], "}NNs"u8.ToArray() },
        { "dictionaries by call", "ccollections\nOrderedDict\nq\0"u8.ToArray(), [(byte)'h', 0, (byte)')', (byte)'R'] },
        { "instances", "cm\nC\nq\0"u8.ToArray(), [(byte)'h', 0, (byte)')', 0x81] },
        { "classes", [], "cm\nC\n"u8.ToArray() },
        { "marks", [], "("u8.ToArray() },
        { "remembered values", "N"u8.ToArray(), [0x94] },
        { "texts", [], "U\0"u8.ToArray() },
        { "numbers", [], [(byte)'J', 0, 0, 1, 0] },
        { "one tensor again and again", [.. new PickleWriter().Values().ToArray()[2..^1], .. "q\u0007]"u8], [(byte)'h', 7, (byte)'a'] },
        {
            "tensors",
            [.. new PickleWriter().Storage("FloatStorage", "0", 6).ToArray()[2..^1],
                .. "q\u0007ctorch._utils\n_rebuild_tensor\nq\u0006]"u8],
            [(byte)'h', 6, (byte)'(', (byte)'h', 7, (byte)'K', 0, (byte)')', (byte)')', (byte)'t', (byte)'R', (byte)'a']
        },
    };

    [Theory]
    [MemberData(nameof(Patterns))]
    public void Memory_is_bounded_by_the_length_of_the_file(string what, byte[] start, byte[] again)
    {
        using var folder = new TemporaryFolder();
        var pickle = new PickleWriter().Raw(start);
        for (int length = start.Length; length < PickleBytes; length += again.Length) pickle.Raw(again);
        using (var file = File.Create(folder["a.pth"]))
        {
            var zip = new ZipWriter(file);
            zip.Add("a/data.pkl", pickle.ToArray());
            zip.Add("a/data/0", PickledValues.Bytes);
            zip.Finish();
        }
        Open(folder["a.pth"]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Open(folder["a.pth"]);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: {allocated / PickleBytes} bytes per byte");
        Assert.True(allocated <= AllocationBound.For(PickleBytes), $"{what}: {allocated} bytes for a file of {PickleBytes}");
    }

    static void Open(string path)
    {
        try
        {
            using var checkpoint = CheckpointFile.Open(path);
        }
        catch (CorruptFileException)
        {
        }
    }
}
