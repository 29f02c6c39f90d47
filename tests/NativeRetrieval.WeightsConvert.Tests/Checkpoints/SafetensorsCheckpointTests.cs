using NativeRetrieval.Core.Serialization;
using NativeRetrieval.TestSupport;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Tests.Checkpoints;

public class SafetensorsCheckpointTests
{
    [Fact]
    public void Every_tensor_is_listed_and_copied()
    {
        string path = Fixtures.Small("nt-xent.safetensors");
        using var expected = SafetensorsFile.Open(path);
        using var checkpoint = CheckpointFile.Open(path);
        Assert.Equal("safetensors", checkpoint.Format);
        Assert.Equal(expected.Metadata, checkpoint.Metadata);
        Assert.Equal(expected.Names, checkpoint.Tensors.Select(tensor => tensor.Name));
        foreach (var tensor in checkpoint.Tensors)
        {
            using var bytes = new MemoryStream();
            checkpoint.CopyTo(tensor, bytes, TestContext.Current.CancellationToken);
            Assert.Equal(expected.Entry(tensor.Name).Shape, tensor.Shape);
            Assert.True(expected.Bytes(tensor.Name).SequenceEqual(bytes.ToArray()), tensor.Name);
        }
    }
}
