using System.Text;
using System.Text.Json.Nodes;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;

namespace NativeRetrieval.Tests.Models;

/// <summary>Configurations that ask for what their weights do not hold: each is refused before the memory is taken.</summary>
public sealed class HostileConfigTests : IDisposable
{
    const long MostBytes = 16 << 20;

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Encoders { get; } = [.. AudioArchitecture.All.Select(encoder => encoder.Key)];

    /// <summary>Every value of the file in turn is replaced by each of many that it should not be.</summary>
    [Theory]
    [MemberData(nameof(Encoders))]
    public void No_value_of_a_configuration_takes_more_than_the_weights_hold(string encoder)
    {
        string[] hostile = ["-1", "0", "1", "3", "1000", "100000", "1000000", "2147483647", "-2147483648", "10000000000", "1e308", "-1e308",
            "1e999", "0.5", "1e-320", "\"NaN\"", "\"Infinity\"", "\"x\"", "\"\\ud800\"", "null", "true", "[]", "{}", "[1000000]"];
        Save(encoder);
        string path = _folder["config.json"];
        string whole = File.ReadAllText(path);
        int refused = 0, tried = 0;
        foreach (string place in Values(JsonNode.Parse(whole)!, "").ToArray())
            foreach (string value in hostile)
            {
                tried++;
                File.WriteAllText(path, With(whole, place, value));
                long before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    ModelFolder.Load(_folder.FullPath, CpuDevice.Shared).Dispose();
                }
                catch (CorruptFileException error)
                {
                    refused++;
                    Assert.StartsWith(_folder.FullPath, error.Message, StringComparison.Ordinal);
                    Assert.DoesNotContain('\n', error.Message);
                }
                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
            }
        Assert.InRange(refused, tried / 2, tried);
    }

    [Theory]
    [InlineData("text_encoder.layers", 1000, "tensors, the model that the configuration describes has far more")]
    [InlineData("text_encoder.layers", 100_000, "must be 1 … 1,000, got 100000")]
    [InlineData("text_encoder.width", 1_000_000, "no tensor as large as [200, 1000000]")]
    [InlineData("text_encoder.vocabulary_size", 1_000_000, "no tensor as large as [1000000, 4]")]
    [InlineData("text_encoder.hidden_width", 1_000_000, "no tensor as large as [1000000, 4]")]
    [InlineData("embedding_dimension", 65_536, "no tensor as large as [65536, 5]")]
    [InlineData("audio_encoder.channels.5", 60_000, "no tensor as large as [60000, 7, 3, 3]")]
    public void The_message_says_what_the_weights_lack(string place, int value, string problem)
    {
        Save("cnn14");
        string whole = File.ReadAllText(_folder["config.json"]);
        File.WriteAllText(_folder["config.json"], With(whole, place, value.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        var error = Assert.Throws<CorruptFileException>(() => ModelFolder.Load(_folder.FullPath, CpuDevice.Shared));
        Assert.Contains(problem, error.Message);
    }

    [Fact]
    public void A_budget_counts_elements_and_ends_when_it_is_disposed_of()
    {
        SafetensorsWriter.Write(_folder["w.safetensors"], [Item("a", 4), Item("b", 3), Item("c", 2)]);
        using var file = SafetensorsFile.Open(_folder["w.safetensors"]);
        using (new TensorBudget(file))
        {
            using var small = Tensor.Zeros([1], CpuDevice.Shared);
            using var large = Tensor.Zeros([2 * 4 + (1 << 16)], CpuDevice.Shared);
            Assert.Contains("as large as [65545]",
                Assert.Throws<CorruptFileException>(() => Tensor.Zeros([65_545], CpuDevice.Shared)).Message);
            Assert.Throws<CorruptFileException>(() => Tensor.Empty([int.MaxValue, int.MaxValue, int.MaxValue], CpuDevice.Shared));
            TensorBudget.Charge(large);
            Assert.Contains("only 9 numbers", Assert.Throws<CorruptFileException>(() => TensorBudget.Charge(large)).Message);
            using (new TensorBudget(file))
            {
                for (int i = 0; i < 2 * 3 + 64; i++) TensorBudget.Charge(small);
                Assert.Contains("only 3 tensors", Assert.Throws<CorruptFileException>(() => TensorBudget.Charge(small)).Message);
            }
        }
        Tensor.Zeros([65_545], CpuDevice.Shared).Dispose();

        static SafetensorsItem Item(string name, int count) => SafetensorsItem.Float32(name, [count], new float[count]);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("SHA256SUMS")]
    [InlineData("vocab.txt")]
    [InlineData("tokenizer_config.json")]
    [InlineData("model.safetensors")]
    public void Files_of_zeros_bytes_that_are_no_text_and_devices_are_refused_also_behind_links(string name)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the test needs named pipes and /dev/zero");
        Save("cnn14");
        string path = _folder[name];
        string sum = FileHash.Sha256(_folder["README.md"], TestContext.Current.CancellationToken);
        File.WriteAllText(_folder["SHA256SUMS"], $"{sum}  README.md\n");
        File.Move(path, _folder["real"]);
        File.CreateSymbolicLink(path, "real");
        ModelFolder.Load(_folder.FullPath, CpuDevice.Shared).Dispose();

        using (var zeros = new FileStream(_folder["zeros"], FileMode.CreateNew)) zeros.SetLength(1 << 30);
        File.WriteAllBytes(_folder["latin1"], [.. "caf"u8, 0xE9, 10]);
        NamedPipe.Create(_folder["pipe"]);
        foreach (string target in (string[])["zeros", "latin1", "pipe", "/dev/zero"])
        {
            File.Delete(path);
            File.CreateSymbolicLink(path, target);
            long before = GC.GetAllocatedBytesForCurrentThread();
            var error = Assert.ThrowsAny<NativeRetrievalException>(() => ModelFolder.Load(_folder.FullPath, CpuDevice.Shared));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
            Assert.StartsWith(_folder.FullPath, error.Message, StringComparison.Ordinal);
        }
    }

    void Save(string encoder)
    {
        var published = AudioArchitecture.All.Single(known => known.Key == encoder).Published;
        var config = new RetrievalModelConfig
        {
            AudioEncoder = published is ConvolutionalEncoderConfig { Channels: var channels } convolutional
                ? convolutional with { Channels = [.. channels.Select((_, i) => 3 + i)] }
                : new HtsAtConfig { ImageSize = 128, PatchSize = 8, PatchWidth = 4, Depths = [2, 1], Heads = [2, 2], Window = 4 },
            MaxSeconds = 2,
            TextEncoder = new BertConfig { VocabularySize = 200, Width = 4, Layers = 1, Heads = 2, HiddenWidth = 5, MaxPositions = 8 },
            AudioHeadWidth = 5,
            TextHeadWidth = 5,
            EmbeddingDimension = 7,
            MaxTokens = 8,
        };
        using var model = new RetrievalModel(config, new TextTokenizer(Vocabulary.FromCaptions(["a dog"])), CpuDevice.Shared,
            new PhiloxSequence(new Philox(1)));
        ModelFolder.Save(_folder.FullPath, model, "# A test\n");
        File.Delete(_folder["SHA256SUMS"]);
    }

    /// <summary>Places of all values, such as <c>text_encoder.width</c> and <c>audio_encoder.channels.0</c>.</summary>
    static IEnumerable<string> Values(JsonNode? node, string place) => node switch
    {
        JsonObject json => json.SelectMany(pair => Values(pair.Value, $"{place}.{pair.Key}")).Append(place)
            .Where(found => found.Length > 0),
        JsonArray list => list.SelectMany((item, i) => Values(item, $"{place}.{i}")).Append(place),
        _ => [place],
    };

    /// <summary>The text with another value, of any JSON, at a place.</summary>
    static string With(string text, string place, string value)
    {
        const string mark = "the value goes here";
        var node = JsonNode.Parse(text)!;
        string[] keys = place.TrimStart('.').Split('.');
        var at = keys[..^1].Aggregate(node, (inner, key) => inner is JsonArray ? inner[int.Parse(key, null)]! : inner[key]!);
        if (at is JsonArray list) list[int.Parse(keys[^1], null)] = mark;
        else at[keys[^1]] = mark;
        return new StringBuilder(node.ToJsonString()).Replace($"\"{mark}\"", value).ToString();
    }
}
