using NativeRetrieval.Core.Serialization;
using NativeRetrieval.TestSupport;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Tests.Checkpoints;

/// <summary>Files that <c>torch.save</c> wrote, with the tensors that PyTorch's safetensors library wrote beside them.</summary>
public class GoodCheckpointTests
{
    public static TheoryData<string> Files => CheckpointFixtures.Good;

    [Fact]
    public void All_eighteen_are_listed() => Assert.Equal(18, Files.Count);

    [Theory]
    [MemberData(nameof(Files))]
    public void Tensors_are_exactly_those_that_were_saved(string file)
    {
        using var expected = SafetensorsFile.Open(CheckpointFixtures.Path(file + ".expected.safetensors"));
        using var checkpoint = CheckpointFile.Open(CheckpointFixtures.Path(file));
        Assert.Equal(expected.Names.Order(StringComparer.Ordinal), checkpoint.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        foreach (var tensor in checkpoint.Tensors)
        {
            using var bytes = new MemoryStream();
            checkpoint.CopyTo(tensor, bytes, TestContext.Current.CancellationToken);
            var entry = expected.Entry(tensor.Name);
            Assert.Equal((entry.DType, entry.LengthBytes), (tensor.DType, tensor.LengthBytes));
            Assert.Equal(entry.Shape, tensor.Shape);
            Assert.True(expected.Bytes(tensor.Name).SequenceEqual(bytes.ToArray()), tensor.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Written_as_safetensors_they_are_the_expected_file(string file)
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = CheckpointFile.Open(CheckpointFixtures.Path(file));
        CheckpointSafetensors.Write(checkpoint, folder["model.safetensors"], cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(File.ReadAllBytes(CheckpointFixtures.Path(file + ".expected.safetensors")), File.ReadAllBytes(folder["model.safetensors"]));
    }

    [Theory]
    [InlineData("good/zip_state_dict.pth", "PyTorch zip archive")]
    [InlineData("good/legacy_state_dict.pth", "PyTorch legacy file")]
    public void The_format_is_told_by_the_content(string file, string format)
    {
        using var folder = new TemporaryFolder();
        File.Copy(CheckpointFixtures.Path(file), folder["weights.safetensors"]);
        using var checkpoint = CheckpointFile.Open(folder["weights.safetensors"]);
        Assert.Equal(format, checkpoint.Format);
    }

    [Fact]
    public void Tensors_come_in_the_order_of_the_state_dict()
    {
        using var checkpoint = CheckpointFile.Open(CheckpointFixtures.Path("good/zip_state_dict.pth"));
        Assert.Equal(["conv.weight", "bn.running_mean", "bn.num_batches_tracked", "fc.weight", "fc.bias"], checkpoint.Tensors.Select(tensor => tensor.Name));
        Assert.Empty(checkpoint.Notes);
    }

    [Theory]
    [InlineData("good/namespace.pth", "1 of argparse.Namespace: kept as data, never instantiated")]
    [InlineData("good/numpy_scalar.pth", "1 of numpy._core.multiarray._reconstruct: kept as data, never instantiated")]
    public void Values_of_other_classes_are_reported(string file, string note)
    {
        using var checkpoint = CheckpointFile.Open(CheckpointFixtures.Path(file));
        Assert.Contains(note, checkpoint.Notes);
    }
}
