using System.Text;
using System.Text.Json;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Tests.Checkpoints;

public class CheckpointInspectionTests
{
    [Fact]
    public void The_range_covers_finite_values_and_counts_the_others()
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = Odd(folder);
        var summaries = CheckpointInspection.Summarize(checkpoint, TestContext.Current.CancellationToken)
            .ToDictionary(summary => summary.Name);
        var odd = summaries["odd"];
        Assert.Equal((-2.0, 1.0, 4.0), (odd.Minimum, odd.Mean, odd.Maximum));
        Assert.Equal((2L, 1L), (odd.NanCount, odd.InfinityCount));
        Assert.Equal((null, null, null), (summaries["empty"].Minimum, summaries["empty"].Mean, summaries["empty"].Maximum));
        Assert.Equal((0.0, 0.25, 1.0), (summaries["flags"].Minimum, summaries["flags"].Mean, summaries["flags"].Maximum));
    }

    /// <summary>Elements that arrive torn in two count once.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(9001)]
    public void The_range_does_not_depend_on_how_the_bytes_come(int piece)
    {
        var values = Enumerable.Range(0, 3000).Select(i => (double)((i * 7919) % 3001 - 1500)).ToArray();
        var bytes = values.SelectMany(BitConverter.GetBytes).ToArray();
        using var range = new ValueRange(DType.Float64);
        foreach (var part in bytes.Chunk(piece)) range.Write(part);
        Assert.Equal((values.Min(), values.Average(), values.Max()), (range.Minimum, range.Mean, range.Maximum));
    }

    [Fact]
    public void The_text_has_a_line_per_tensor()
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = Odd(folder);
        var lines = CheckpointInspection.Lines(checkpoint, TestContext.Current.CancellationToken);
        Assert.Equal($"""
            {checkpoint.Path}: safetensors, 3 tensors
            tensor  dtype    shape       minimum         mean      maximum
            empty   float32  [0, 3]            -            -            -
            odd     float32  [2, 3]           -2            1            4  2 NaN, 1 infinite
            flags   bool     [4]               0         0.25            1
            """, string.Join('\n', lines));
    }

    [Fact]
    public void The_json_has_the_same_figures()
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = Odd(folder);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            CheckpointInspection.WriteJson(checkpoint, json, TestContext.Current.CancellationToken);
            json.WriteEndObject();
        }
        using var document = JsonDocument.Parse(Encoding.UTF8.GetString(buffer.ToArray()));
        Assert.Equal("safetensors", document.RootElement.GetProperty("format").GetString());
        Assert.Equal("""{"name":"odd","dtype":"float32","shape":[2,3],"minimum":-2,"mean":1,"maximum":4,"nan":2,"infinite":1}""",
            document.RootElement.GetProperty("tensors")[1].GetRawText());
        Assert.Equal(JsonValueKind.Null, document.RootElement.GetProperty("tensors")[0].GetProperty("mean").ValueKind);
    }

    static CheckpointFile Odd(TemporaryFolder folder)
    {
        SafetensorsWriter.Write(folder["odd.safetensors"],
        [
            SafetensorsItem.Float32("odd", [2, 3], new[] { 1, float.NaN, -2, float.NegativeInfinity, 4, float.NaN }),
            SafetensorsItem.Float32("empty", [0, 3], Array.Empty<float>()),
            SafetensorsItem.FromBytes("flags", DType.Bool, [4], new byte[] { 0, 1, 0, 0 }),
        ]);
        return CheckpointFile.Open(folder["odd.safetensors"]);
    }
}
