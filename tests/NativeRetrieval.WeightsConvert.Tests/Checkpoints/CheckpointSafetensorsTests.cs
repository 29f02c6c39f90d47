using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.TestSupport;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Tests.Checkpoints;

public class CheckpointSafetensorsTests
{
    [Fact]
    public void An_unchanged_safetensors_file_arrives_byte_for_byte()
    {
        string source = Fixtures.Small("nt-xent.safetensors");
        using var folder = new TemporaryFolder();
        using var checkpoint = CheckpointFile.Open(source);
        CheckpointSafetensors.Write(checkpoint, folder["copy.safetensors"], cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(File.ReadAllBytes(source), File.ReadAllBytes(folder["copy.safetensors"]));
    }

    /// <summary>Through the writer, which lays tensors out as the format's reference implementation does.</summary>
    [Fact]
    public void A_copy_with_the_same_names_given_one_by_one_is_the_same_file()
    {
        using var folder = new TemporaryFolder();
        SafetensorsWriter.Write(folder["source.safetensors"],
            [SafetensorsItem.Float32("b", [2], new float[] { 1, 2 }), SafetensorsItem.Int64("a", [], new long[] { 3 })],
            new Dictionary<string, string> { ["format"] = "pt", ["about"] = "two tensors" });
        using var checkpoint = CheckpointFile.Open(folder["source.safetensors"]);
        CheckpointSafetensors.Write(checkpoint, folder["copy.safetensors"], rename: name => name,
            cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(File.ReadAllBytes(folder["source.safetensors"]), File.ReadAllBytes(folder["copy.safetensors"]));
    }

    [Fact]
    public void Tensors_are_renamed_or_left_out()
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = Two(folder);
        CheckpointSafetensors.Write(checkpoint, folder["copy.safetensors"], name => name == "model.a" ? "a" : null,
            new Dictionary<string, string>(), TestContext.Current.CancellationToken);
        using var copy = SafetensorsFile.Open(folder["copy.safetensors"]);
        Assert.Equal(["a"], copy.Names);
        Assert.Equal([1f, 2f], copy.ReadFloat32("a"));
    }

    [Fact]
    public void Two_tensors_that_get_one_name_leave_no_file()
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = Two(folder);
        var error = Assert.Throws<ShapeException>(() => CheckpointSafetensors.Write(checkpoint, folder["copy.safetensors"], _ => "same",
            cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("'same'", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["copy.safetensors"]));
    }

    [Fact]
    public void A_cancelled_write_leaves_no_file()
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = Two(folder);
        Assert.Throws<OperationCanceledException>(() => CheckpointSafetensors.Write(checkpoint, folder["copy.safetensors"],
            cancellation: new CancellationToken(canceled: true)));
        Assert.Single(Directory.GetFiles(folder.FullPath));
    }

    static CheckpointFile Two(TemporaryFolder folder)
    {
        SafetensorsWriter.Write(folder["two.safetensors"],
            [SafetensorsItem.Float32("model.a", [2], new float[] { 1, 2 }), SafetensorsItem.Float32("model.b", [1], new float[] { 3 })]);
        return CheckpointFile.Open(folder["two.safetensors"]);
    }
}
