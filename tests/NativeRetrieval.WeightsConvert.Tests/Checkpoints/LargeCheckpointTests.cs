using NativeRetrieval.Core.Serialization;
using NativeRetrieval.TestSupport;
using NativeRetrieval.TestSupport.Checkpoints;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Tests.Checkpoints;

/// <summary>Values are mapped and streamed: what is allocated does not grow with them.</summary>
public class LargeCheckpointTests
{
    const int TensorBytes = 1 << 24;
    const int TensorCount = 4;

    [Theory]
    [InlineData("zip")]
    [InlineData("zip64")]
    [InlineData("legacy")]
    [InlineData("safetensors")]
    public void Sixty_four_megabytes_are_converted_with_less_than_eight(string format)
    {
        using var folder = new TemporaryFolder();
        string source = folder["large"];
        var values = new float[TensorBytes / 4];
        for (int i = 0; i < values.Length; i++) values[i] = i;
        var tensors = Enumerable.Range(0, TensorCount)
            .Select(i => new TorchFiles.Entry($"layer.{i}.weight", [1024, values.Length / 1024], values)).ToArray();
        if (format == "legacy") TorchFiles.WriteLegacy(source, tensors);
        else if (format == "safetensors")
            SafetensorsWriter.Write(source, tensors.Select(tensor => SafetensorsItem.Float32(tensor.Name, tensor.Shape, tensor.Values)));
        else TorchFiles.WriteZip(source, tensors, zip64: format == "zip64");

        long before = GC.GetAllocatedBytesForCurrentThread();
        using (var checkpoint = CheckpointFile.Open(source))
        {
            CheckpointSafetensors.Write(checkpoint, folder["model.safetensors"], name => $"model.{name}",
                cancellation: TestContext.Current.CancellationToken);
            Assert.All(CheckpointInspection.Summarize(checkpoint, TestContext.Current.CancellationToken),
                summary => Assert.Equal(values.Length - 1.0, summary.Maximum));
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 8 << 20, $"{allocated} bytes were allocated");

        using var copy = SafetensorsFile.Open(folder["model.safetensors"]);
        Assert.Equal(TensorCount, copy.Names.Count);
        Assert.True(copy.ReadFloat32("model.layer.3.weight").AsSpan().SequenceEqual(values));
    }
}
