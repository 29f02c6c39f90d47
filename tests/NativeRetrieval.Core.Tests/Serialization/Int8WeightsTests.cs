using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Core.Tests.Serialization;

public sealed class Int8WeightsTests : IDisposable
{
    const string Name = "dense.weight";
    const int Width = 256, Many = 1030;   // more than are read at once

    readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(1f)]
    [InlineData(3e-20f)]
    [InlineData(1e-38f)]
    [InlineData(1e-43f)]
    [InlineData(float.MaxValue)]
    public void No_weight_changes_by_more_than_half_a_scale(float magnitude)
    {
        var random = new Random(7);
        float[] weights = [.. Enumerable.Range(0, Many * Width).Select(_ => magnitude * (2 * random.NextSingle() - 1))];
        weights[3 * Width + 5] = -magnitude;
        using var file = Quantized([SafetensorsItem.Float32(Name, [Many, 2, Width / 2], weights)]);
        Assert.Equal([Many, 2L, Width / 2], file.Entry(Name).Shape);
        Assert.Equal([Many], file.Entry(Name + ".scale").Shape);
        float[] scales = Int8Weights.Scales(file, Name), read = Int8Weights.Read(file, Name);
        for (int row = 0; row < Many; row++)
        {
            float most = weights.AsSpan(row * Width, Width).ToArray().Max(Math.Abs);
            Assert.Equal(Math.Clamp(most / 127, float.ScaleB(1, -126), MathF.BitDecrement(float.MaxValue / 127)), scales[row]);
            for (int i = row * Width; i < (row + 1) * Width; i++)
                Assert.True(Math.Abs((double)weights[i] - read[i]) <= scales[row] * (0.5 + 1e-5), $"{weights[i]:R} became {read[i]:R}");
        }
        Assert.DoesNotContain((sbyte)-128, file.Bytes(Name).ToArray().Select(bits => (sbyte)bits));
        using var stream = new MemoryStream();
        Int8Weights.Write(file, Name, stream, TestContext.Current.CancellationToken);
        Assert.Equal(read.SelectMany(BitConverter.GetBytes), stream.ToArray());
    }

    [Fact]
    public void Halves_go_to_the_even_integer_and_rows_of_zeros_stay_zero()
    {
        var weights = new float[4 * Width];
        (weights[0], weights[1], weights[2], weights[3], weights[4]) = (127, 0.5f, 1.5f, -2.5f, -126.5f);
        weights[2 * Width] = -0f;
        using var file = Quantized([SafetensorsItem.Float32(Name, [4, Width], weights)]);
        Assert.Equal([1f, 0, 0, 0], Int8Weights.Scales(file, Name));
        Assert.Equal([127f, 0, 2, -2, -126], Int8Weights.Read(file, Name)[..5]);
        Assert.All(Int8Weights.Read(file, Name)[Width..], weight => Assert.Equal(0, weight));
    }

    [Theory]
    [InlineData("a.weight", true, 64, 64)]
    [InlineData("weight", true, 32, 4, 3, 3)]
    [InlineData("a.weight", false, 4096)]
    [InlineData("a.weight", false, 31, 33)]
    [InlineData("a.bias", false, 64, 64)]
    [InlineData("relative_position_bias_table", false, 169, 32)]
    [InlineData("a.old_weight", false, 64, 64)]
    public void Large_weights_of_two_or_more_axes_are_quantized_and_nothing_else(string name, bool quantized, params int[] shape)
    {
        long[] sizes = [.. shape.Select(size => (long)size)];
        float[] values = [.. Enumerable.Range(0, shape.Aggregate((x, y) => x * y)).Select(i => i / 7f)];
        using var file = Quantized([SafetensorsItem.Float32(name, sizes, values)]);
        Assert.Equal(quantized, Int8Weights.IsQuantized(file, name));
        Assert.Equal(quantized ? [name + ".scale", name] : [name], file.Names);
        Assert.Equal(quantized, Int8Weights.IsScale(file, file.Names[0]));
        Assert.Equal(values.Length * (quantized ? 1 : 4), file.Entry(name).LengthBytes);
        if (!quantized) Assert.Equal(values, file.ReadFloat32(name));
    }

    [Fact]
    public void Half_precision_is_read_as_what_it_is_and_integers_are_handed_on()
    {
        Half[] weights = [.. Enumerable.Range(0, 4 * Width).Select(i => (Half)(i % 100 - 40))];
        using var file = Quantized([
            SafetensorsItem.FromBytes(Name, DType.Float16, [4, Width], weights.SelectMany(BitConverter.GetBytes).ToArray()),
            SafetensorsItem.Int64("ids.weight", [32, 32], new long[1024])]);
        Assert.Equal(59f / 127, Int8Weights.Scales(file, Name)[0]);
        Assert.InRange(Int8Weights.Read(file, Name)[3], -37 - 0.25f, -37 + 0.25f);
        Assert.Equal(DType.Int64, file.Entry("ids.weight").DType);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Weights_that_are_no_numbers_are_refused_by_name(float value)
    {
        var weights = new float[4 * Width];
        weights[2 * Width + 9] = value;
        string message = Assert.Throws<CorruptFileException>(
            () => Quantized([SafetensorsItem.Float32(Name, [4, Width], weights)])).Message;
        Assert.Contains($"source.bin: tensor '{Name}' holds", message);
        Assert.Contains("row 2", message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.FullPath));
    }

    public static TheoryData<float[], long[], string> Damages => new()
    {
        { [1, float.NaN], [2], "NaN at row 1" },
        { [-1, 1], [2], "-1 at row 0" },
        { [1, float.PositiveInfinity], [2], "Infinity at row 1" },
        { [1, float.MaxValue], [2], "at row 1" },
        { [1, 1, 1], [3], "[3]" },
        { [1, 1], [2, 1], "[2, 1]" },
        { [1], [], "[]" },
    };

    [Theory, MemberData(nameof(Damages))]
    public void Damaged_scales_are_refused(float[] scales, long[] shape, string said)
    {
        using var file = File([SafetensorsItem.FromBytes(Name, DType.Int8, [2, 3], new byte[6]),
            SafetensorsItem.Float32(Name + ".scale", shape, scales)]);
        Assert.Contains(said, Assert.Throws<CorruptFileException>(() => Int8Weights.Read(file, Name)).Message);
    }

    [Fact]
    public void Scales_that_are_missing_or_of_another_type_are_refused()
    {
        var weight = SafetensorsItem.FromBytes(Name, DType.Int8, [2, 3], new byte[6]);
        using (var file = File([weight]))
            Assert.Contains($"'{Name}.scale' is missing", Assert.Throws<CorruptFileException>(() => Int8Weights.Read(file, Name)).Message);
        using (var file = File([weight, SafetensorsItem.Float64(Name + ".scale", [2], new double[2])]))
            Assert.Contains("Float64 [2]", Assert.Throws<CorruptFileException>(() => Int8Weights.Read(file, Name)).Message);
    }

    public void Dispose() => _folder.Dispose();

    SafetensorsFile Quantized(IEnumerable<SafetensorsItem> items) => File(Int8Weights.Quantize(items, "source.bin"));

    SafetensorsFile File(IEnumerable<SafetensorsItem> items)
    {
        SafetensorsWriter.Write(_folder["a.safetensors"], items);
        return SafetensorsFile.Open(_folder["a.safetensors"]);
    }
}
