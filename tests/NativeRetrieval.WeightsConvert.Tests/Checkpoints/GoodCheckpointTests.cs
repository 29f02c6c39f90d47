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
        Assert.Equal(expected.Names.Order(StringComparer.Ordinal), checkpoint.Tensors.Select(tensor => tensor.Name)
            .Order(StringComparer.Ordinal));
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
        Assert.Equal(File.ReadAllBytes(CheckpointFixtures.Path(file + ".expected.safetensors")),
            File.ReadAllBytes(folder["model.safetensors"]));
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
        Assert.Equal(["conv.weight", "bn.running_mean", "bn.num_batches_tracked", "fc.weight", "fc.bias"],
            checkpoint.Tensors.Select(tensor => tensor.Name));
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

    /// <summary>A whole model in PANNs' wrapping, in both formats, against its weights under their own names.</summary>
    [Theory]
    [InlineData("fixtures/cnn14-small/Cnn14_small.pth")]
    [InlineData("fixtures/cnn14-small/Cnn14_small_legacy.pth")]
    public void A_model_of_PANNs_arrives_without_its_prefix(string file)
    {
        string? path = Fixtures.Shared(file), weights = Fixtures.Shared("fixtures/cnn14-small/weights.safetensors");
        Assert.SkipWhen(path is null || weights is null, Fixtures.WhyAbsent(file));
        using var folder = new TemporaryFolder();
        using var checkpoint = CheckpointFile.Open(path);
        CheckpointSafetensors.Write(checkpoint, folder["model.safetensors"], name => name.Replace("model.", "", StringComparison.Ordinal),
            cancellation: TestContext.Current.CancellationToken);
        using SafetensorsFile expected = SafetensorsFile.Open(weights), actual = SafetensorsFile.Open(folder["model.safetensors"]);
        Assert.Equal(expected.Names, actual.Names);
        Assert.All(expected.Names, name => Assert.True(expected.Bytes(name).SequenceEqual(actual.Bytes(name)), name));
    }

    /// <summary>Written by PyTorch's safetensors library; the writer lays tensors out in the same order.</summary>
    [Fact]
    public void A_real_model_copied_tensor_by_tensor_is_the_same_file()
    {
        const string File = "weights/all-MiniLM-L6-v2/model.safetensors";
        string? path = Fixtures.Shared(File);
        Assert.SkipWhen(path is null, Fixtures.WhyAbsent(File));
        using var folder = new TemporaryFolder();
        using var checkpoint = CheckpointFile.Open(path);
        CheckpointSafetensors.Write(checkpoint, folder["copy.safetensors"], rename: name => name,
            cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(FileHash.Sha256(path, TestContext.Current.CancellationToken),
            FileHash.Sha256(folder["copy.safetensors"], TestContext.Current.CancellationToken));
    }
}
