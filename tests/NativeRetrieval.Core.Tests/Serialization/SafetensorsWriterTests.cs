using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Core.Tests.Serialization;

public sealed class SafetensorsWriterTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Files with at most one metadata key: the reference writes several in no fixed order.</summary>
    [Theory]
    [InlineData("metrics.safetensors")]
    [InlineData("checkpoints/good/dtypes.pth.expected.safetensors")]
    [InlineData("checkpoints/good/shapes.pth.expected.safetensors")]
    public void RewritesAFileOfTheReferenceImplementationByteForByte(string fixture)
    {
        if (Fixtures.Shared("fixtures/" + fixture) is not { } path) { Assert.Skip(Fixtures.WhyAbsent("fixtures/" + fixture)); return; }
        using var file = SafetensorsFile.Open(path);
        string copy = _folder["copy.safetensors"];
        SafetensorsWriter.Write(copy, file.Entries.Reverse().Select(entry =>
            SafetensorsItem.FromBytes(entry.Name, entry.DType, entry.Shape, file.Bytes(entry.Name).ToArray())), file.Metadata);
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(copy));
    }

    [Fact]
    public void BytesDoNotDependOnTheOrderOfItemsOrMetadata()
    {
        SafetensorsItem[] items = [Zeros("b", [3]), Zeros("a", [0, 5]), Zeros("c", []),
            SafetensorsItem.Int64("ids", [2], new long[] { 1, 2 })];
        SafetensorsWriter.Write(_folder["1"], items, new Dictionary<string, string> { ["x"] = "1", ["a"] = "\"ü<\n" });
        SafetensorsWriter.Write(_folder["2"], items.Reverse(), new Dictionary<string, string> { ["a"] = "\"ü<\n", ["x"] = "1" });
        Assert.Equal(File.ReadAllBytes(_folder["1"]), File.ReadAllBytes(_folder["2"]));

        using var file = SafetensorsFile.Open(_folder["1"]);
        Assert.Equal(["ids", "a", "b", "c"], file.Names);
        Assert.Equal("\"ü<\n", file.Metadata["a"]);
        Assert.Equal(0, file.Entries[0].OffsetBytes % 8);
        Assert.Equal([1, 2], file.ReadInt64("ids"));
        Assert.Empty(file.ReadFloat32("a"));
    }

    [Fact]
    public void AFileWithoutTensorsIsReadBack()
    {
        SafetensorsWriter.Write(_folder["empty"], []);
        using var file = SafetensorsFile.Open(_folder["empty"]);
        Assert.Empty(file.Names);
    }

    [Fact]
    public void AnItemThatWritesTooFewBytesLeavesTheOldFile()
    {
        string path = _folder["model.safetensors"];
        File.WriteAllText(path, "old");
        var error = Assert.Throws<ShapeException>(
            () => SafetensorsWriter.Write(path, [new SafetensorsItem("w", DType.Float32, [2], stream => stream.Write(new byte[4]))]));
        Assert.Contains("'w' wrote 4 bytes", error.Message);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(_folder.FullPath));
    }

    [Fact]
    public void TwoItemsOfOneNameAreRefused()
    {
        var error = Assert.Throws<ShapeException>(() => SafetensorsWriter.Write(_folder["x"], [Zeros("a", [1]), Zeros("a", [2])]));
        Assert.Contains("two tensors are named 'a'", error.Message);
    }

    static SafetensorsItem Zeros(string name, long[] shape) =>
        SafetensorsItem.Float32(name, shape, new float[shape.Aggregate(1L, (product, size) => product * size)]);
}
