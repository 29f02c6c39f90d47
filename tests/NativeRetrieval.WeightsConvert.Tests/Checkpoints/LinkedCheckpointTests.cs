using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Tests.Checkpoints;

/// <summary>Checkpoints behind links, and names behind which is no file.</summary>
public sealed class LinkedCheckpointTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_linked_checkpoint_is_the_file_behind_the_link()
    {
        string path = CheckpointFixtures.Path("good/zip_state_dict.pth.expected.safetensors");
        File.CreateSymbolicLink(_folder["model.safetensors"], path);
        using var direct = CheckpointFile.Open(path);
        foreach (string name in (string[])["model.safetensors", ""])
        {
            using var linked = CheckpointFile.Open(_folder[name]);
            Assert.Equal(direct.Tensors.Select(tensor => tensor.Name), linked.Tensors.Select(tensor => tensor.Name));
        }
    }

    [Theory]
    [InlineData("model.pth")]
    [InlineData("model.safetensors")]
    [InlineData("model.safetensors.index.json")]
    public void Pipes_devices_and_zeros_are_refused_at_once(string name)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the test needs named pipes and /dev/zero");
        NamedPipe.Create(_folder["pipe"]);
        using (var zeros = new FileStream(_folder["zeros"], FileMode.CreateNew)) zeros.SetLength(1 << 30);
        foreach (string target in (string[])["pipe", "/dev/zero", "zeros"])
        {
            File.Delete(_folder[name]);
            File.CreateSymbolicLink(_folder[name], target);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.StartsWith(_folder[name], Assert.ThrowsAny<NativeRetrievalException>(() => CheckpointFile.Open(_folder[name])).Message,
                StringComparison.Ordinal);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }
    }
}
