using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.TestSupport;
using NativeRetrieval.TestSupport.Checkpoints;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Tests.Checkpoints;

public sealed class ShardedModelTests : IDisposable
{
    const string Index = "model.safetensors.index.json";

    readonly TemporaryFolder _folder = new();

    public ShardedModelTests()
    {
        SafetensorsWriter.Write(_folder["model-00001-of-00002.safetensors"], [SafetensorsItem.Float32("a", [2], new float[] { 1, 2 })]);
        SafetensorsWriter.Write(_folder["model-00002-of-00002.safetensors"], [SafetensorsItem.Float32("b", [1], new float[] { 3 })]);
    }

    [Theory]
    [InlineData("")]
    [InlineData(Index)]
    public void Folder_and_index_open_all_shards_as_one(string path)
    {
        WriteIndex("""
            {"metadata":{"total_size":12},"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}
            """);
        using var checkpoint = CheckpointFile.Open(_folder[path]);
        CheckpointSafetensors.Write(checkpoint, _folder["joined.safetensors"], cancellation: TestContext.Current.CancellationToken);
        using var joined = SafetensorsFile.Open(_folder["joined.safetensors"]);
        Assert.Equal(["a", "b"], joined.Names);
        Assert.Equal([3f], joined.ReadFloat32("b"));
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("pytorch_model.bin")]
    public void A_folder_may_hold_one_file(string name)
    {
        if (name.EndsWith(".bin", StringComparison.Ordinal)) TorchFiles.WriteLegacy(_folder[name], [new("w", [2], new float[] { 1, 2 })]);
        else SafetensorsWriter.Write(_folder[name], [SafetensorsItem.Float32("w", [2], new float[] { 1, 2 })]);
        using var checkpoint = CheckpointFile.Open(_folder.FullPath);
        Assert.Equal("w", Assert.Single(checkpoint.Tensors).Name);
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"model-00002-of-00002.safetensors"}}""", "tensor 'a' is not in model-00002-of-00002.safetensors")]
    [InlineData("""{"weight_map":{"c":"model-00001-of-00002.safetensors"}}""", "tensor 'c' is not in model-00001-of-00002.safetensors")]
    [InlineData("""{"weight_map":{"a":"../secret.safetensors"}}""", "'../secret.safetensors' is not a plain name beside the index")]
    [InlineData("""{"weight_map":{"a":"model-00001-of-00002.safetensors","a":"model-00001-of-00002.safetensors"}}""",
        "is not valid JSON: Duplicate property 'a'")]
    [InlineData("""{"weight_map":{}}""", "it lists 0 tensors")]
    [InlineData("""{"weight_map":{"a":1}}""", "not an index of shards")]
    [InlineData("""{"a":1}""", "not an index of shards")]
    [InlineData("""[""", "is not valid JSON")]
    public void A_wrong_index_is_refused(string json, string message)
    {
        WriteIndex(json);
        Assert.Contains(message, Assert.Throws<CorruptFileException>(() => CheckpointFile.Open(_folder[Index])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_shard_that_is_missing_is_named()
    {
        WriteIndex("""{"weight_map":{"a":"model-00003-of-00003.safetensors"}}""");
        Assert.Contains("model-00003-of-00003.safetensors",
            Assert.Throws<FileReadException>(() => CheckpointFile.Open(_folder[Index])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_weights_says_what_was_looked_for() =>
        Assert.Contains("pytorch_model.bin", Assert.Throws<FileReadException>(() => CheckpointFile.Open(_folder.FullPath)).Message,
            StringComparison.Ordinal);

    public void Dispose() => _folder.Dispose();

    void WriteIndex(string json) => File.WriteAllText(_folder[Index], json);
}
