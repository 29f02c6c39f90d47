using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Core.Tests.Serialization;

public sealed class SafetensorsFileTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("st_header_huge", "header length at byte 0 is 4611686018427387904")]
    [InlineData("st_overlap", "tensor 'b'")]
    [InlineData("st_shape_mismatch", "tensor 'a' (header byte")]
    [InlineData("st_out_of_range", "data_offsets [0, 8] lie outside the 4 bytes of data")]
    [InlineData("st_not_json", "not valid JSON near byte 9")]
    [InlineData("st_duplicate", "tensor 'a' (header byte 62): it appears twice")]
    [InlineData("st_hole", "there is a gap")]
    [InlineData("st_negative", "shape holds something that is not a size")]
    [InlineData("st_overflow", "[4294967296, 4294967296] is larger than any file")]
    public void RefusesHostileFilesNamingFileTensorAndPlace(string name, string message)
    {
        string path = Fixtures.Small($"checkpoints/bad/{name}.safetensors");
        var error = Assert.Throws<CorruptFileException>(() => SafetensorsFile.Open(path));
        Assert.StartsWith(path, error.Message);
        Assert.Contains(message, error.Message);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 0, "lie outside")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5, "no tensor covers the bytes")]
    [InlineData("""{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}""", 4, "dtype 'F31' is not supported")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "not a size")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}}""", 4, "not a size")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "lie outside")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "lacks")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 4, "more than 2")]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "lacks")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "'dtype' appears twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}""", 4, "unknown field 'x'")]
    [InlineData("""{"a":[]}""", 0, "expected an object")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "expected a string under 'a'")]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""", 0, "key 'a' appears twice")]
    [InlineData("""{} {}""", 0, "not valid JSON")]
    [InlineData("""{"a":{"dtype":"F32","shape":[[[[[[[[[[1]]]]]]]]]],"data_offsets":[0,4]}}""", 4, "not a size")]
    [InlineData("""[]""", 0, "does not start with '{'")]
    [InlineData("", 0, "does not start with '{'")]
    public void RefusesHeadersThatBreakTheFormat(string header, int dataBytes, string message)
    {
        string path = WriteRaw(Encoding.UTF8.GetBytes(header), dataBytes);
        Assert.Contains(message, Assert.Throws<CorruptFileException>(() => SafetensorsFile.Open(path)).Message);
    }

    [Fact]
    public void RefusesNamesThatAreNotUtf8()
    {
        byte[] header = [.. "{\"__metadata__\":{\"a\":\""u8, 0xFF, .. "\"}}"u8];
        Assert.Contains("not valid JSON", Assert.Throws<CorruptFileException>(() => SafetensorsFile.Open(WriteRaw(header, 0))).Message);
    }

    [Fact]
    public void RefusesEveryTruncationOfAGoodFile()
    {
        byte[] good = File.ReadAllBytes(Fixtures.Small("metrics.safetensors"));
        string path = _folder["cut.safetensors"];
        for (int length = 0; length < good.Length; length += length < 300 ? 1 : 997)
        {
            File.WriteAllBytes(path, good[..length]);
            Assert.Throws<CorruptFileException>(() => SafetensorsFile.Open(path));
        }
    }

    [Fact]
    public void AFlippedHeaderByteIsRefusedOrStillDescribesTheWholeFile()
    {
        byte[] good = File.ReadAllBytes(Fixtures.Small("metrics.safetensors"));
        string path = _folder["flipped.safetensors"];
        for (int i = 0; i < 200; i++)
            foreach (byte mask in (byte[])[1, 4, 0x20, 0x80])
            {
                byte[] bad = [.. good];
                bad[i] ^= mask;
                File.WriteAllBytes(path, bad);
                try
                {
                    using var file = SafetensorsFile.Open(path);
                    foreach (string name in file.Names) Assert.Equal(file.Entry(name).LengthBytes, file.Bytes(name).Length);
                }
                catch (CorruptFileException) { }
            }
    }

    [Fact]
    public void AnAbsentFileIsNamed() =>
        Assert.Contains(
            _folder["none.safetensors"], Assert.Throws<FileReadException>(() => SafetensorsFile.Open(_folder["none.safetensors"])).Message);

    [Fact]
    public void ReadsAFileOfTheReferenceImplementation()
    {
        string path = Fixtures.Small("metrics.safetensors");
        using var file = SafetensorsFile.Open(path);
        byte[] bytes = File.ReadAllBytes(path);
        using var header = JsonDocument.Parse(bytes.AsMemory(8, (int)BinaryPrimitives.ReadInt64LittleEndian(bytes)));
        string[] names = [.. header.RootElement.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal)];
        Assert.Equal(["audio", names[1], "relevant"], names);
        Assert.Equal(names, file.Names);
        Assert.All(names, name => Assert.Equal(ShapeOf(name), file.Entry(name).Shape));
        Assert.Equal(DType.UInt8, file.Entry("relevant").DType);
        Assert.Equal(ShapeOf(names[1]).Aggregate((a, b) => a * b), file.ReadFloat32(names[1]).Length);
        Assert.All(file.ReadInt64("relevant"), value => Assert.InRange(value, 0, 1));
        Assert.Contains("no tensor 'x'", Assert.Throws<CorruptFileException>(() => file.Bytes("x")).Message);
        Assert.Contains("integers were expected", Assert.Throws<CorruptFileException>(() => file.ReadInt64("audio")).Message);

        long[] ShapeOf(string name) =>
            [.. header.RootElement.GetProperty(name).GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())];
    }

    [Fact]
    public void ConvertsEveryTypeToFloat32AndFloat64()
    {
        string path = _folder["types.safetensors"];
        SafetensorsWriter.Write(path,
        [
            Item("f64", DType.Float64, 8, b => BinaryPrimitives.WriteDoubleLittleEndian(b, -1.1)),
            Item("f32", DType.Float32, 4, b => BinaryPrimitives.WriteSingleLittleEndian(b, 2.5f)),
            Item("f16", DType.Float16, 2, b => BinaryPrimitives.WriteHalfLittleEndian(b, (Half)0.25)),
            Item("bf16", DType.BFloat16, 2, b => BinaryPrimitives.WriteUInt16LittleEndian(b, 0xC0A0)),
            Item("i64", DType.Int64, 8, b => BinaryPrimitives.WriteInt64LittleEndian(b, -7)),
            Item("i32", DType.Int32, 4, b => BinaryPrimitives.WriteInt32LittleEndian(b, 70000)),
            Item("i16", DType.Int16, 2, b => BinaryPrimitives.WriteInt16LittleEndian(b, -300)),
            Item("i8", DType.Int8, 1, b => b[0] = 0xFF),
            Item("u8", DType.UInt8, 1, b => b[0] = 200),
            Item("bool", DType.Bool, 1, b => b[0] = 1),
        ]);
        using var file = SafetensorsFile.Open(path);
        (string, double)[] expected =
            [("f64", -1.1), ("f32", 2.5), ("f16", 0.25), ("bf16", -5), ("i64", -7),
                ("i32", 70000), ("i16", -300), ("i8", -1), ("u8", 200), ("bool", 1)];
        foreach (var (name, value) in expected)
        {
            Assert.Equal([value], file.ReadFloat64(name));
            Assert.Equal([(float)value], file.ReadFloat32(name));
        }
        Assert.Throws<ShapeException>(() => file.CopyTo("f32", new float[2]));
    }

    [Fact]
    public void Values_go_into_a_tensor_piece_by_piece_and_a_file_that_is_cut_meanwhile_is_an_error()
    {
        float[] values = [.. Enumerable.Range(0, 700_001).Select(i => i * 0.5f)];
        string path = _folder["large.safetensors"];
        SafetensorsWriter.Write(path, [SafetensorsItem.Float32("x", [values.Length], values),
            SafetensorsItem.Int64("n", [2], new long[] { 3, -4 })]);
        using var file = SafetensorsFile.Open(path);
        using var x = Tensor.Zeros([values.Length], CpuDevice.Shared);
        using var n = Tensor.Zeros([2], CpuDevice.Shared, DType.Int64);
        using var wide = Tensor.Zeros([values.Length], CpuDevice.Shared, DType.Float64);
        file.CopyTo("x", x);
        file.CopyTo("n", n);
        file.CopyTo("x", wide);
        Assert.Equal(values, x.ToArray<float>());
        Assert.Equal([3, -4], n.ToArray<long>());
        Assert.Equal(values[^1], wide.ToArray<double>()[^1]);
        Assert.Throws<ShapeException>(() => file.CopyTo("n", x));

        using (var cut = File.OpenWrite(path)) cut.SetLength(cut.Length - 4096);
        Assert.Contains("was cut", Assert.Throws<CorruptFileException>(() => file.CopyTo("x", x)).Message);
    }

    [Fact]
    public void A_table_left_in_the_file_gives_its_rows_and_is_in_memory_once_it_is_touched()
    {
        var device = new CpuDevice(guarded: true);
        float[] values = WriteTable(out string path);
        using var file = SafetensorsFile.Open(path);
        using var table = Tensor.DeferredZeros([500, 8], device);
        using var ids = Tensor.From([499, 0, 7, 499], [4], device);
        long before = device.LiveBytes;
        if (!file.TryLeave("t", table))
        {
            Assert.False(OperatingSystem.IsLinux());
            Assert.Skip("this system cannot tell whether a file has changed");
        }
        file.Dispose();
        Assert.False(SafetensorsFile.Open(path).TryLeave("t", table));   // once is enough

        // Another file takes the name: the one that was opened is read on.
        WriteTable(out string other, scale: 2);
        File.Move(other, path, overwrite: true);
        using (var rows = Op.Embedding(table, ids))
            Assert.Equal([.. values[^8..], .. values[..8], .. values[56..64], .. values[^8..]], rows.ToArray<float>());
        using (var part = table.Rows(5, 100))
        using (var two = Tensor.From([2], [1], device))
        using (var rows = Op.Embedding(part, two))
            Assert.Equal(values[56..64], rows.ToArray<float>());
        Assert.Equal(before, device.LiveBytes);

        Assert.Equal(values, table.ToArray<float>());
        Assert.True(device.LiveBytes >= before + table.SizeBytes);
        table.CopyFrom<float>(new float[4000]);
        using (var rows = Op.Embedding(table, ids)) Assert.All(rows.ToArray<float>(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void A_table_whose_file_is_touched_or_written_anew_with_the_same_content_serves_on()
    {
        float[] values = WriteTable(out string path);
        byte[] content = File.ReadAllBytes(path);
        using Tensor table = LeftIn(path), ids = Tensor.From([3], [1], CpuDevice.Shared);

        File.SetLastWriteTimeUtc(path, new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        using (var row = Op.Embedding(table, ids)) Assert.Equal(values[24..32], row.ToArray<float>());
        File.WriteAllBytes(path, content);
        using (var row = Op.Embedding(table, ids)) Assert.Equal(values[24..32], row.ToArray<float>());
        Assert.Equal(values, table.ToArray<float>());
    }

    [Fact]
    public void A_row_that_is_changed_in_place_is_refused_whatever_the_time_of_the_file_says()
    {
        float[] values = WriteTable(out string path);
        byte[] content = File.ReadAllBytes(path);
        var time = File.GetLastWriteTimeUtc(path);
        using Tensor table = LeftIn(path), changed = Tensor.From([3], [1], CpuDevice.Shared),
            kept = Tensor.From([2, 4], [2], CpuDevice.Shared);

        Write(content.Length - 4 * 4000 + 3 * 32 + 31, 1);
        foreach (var use in (Action[])[() => Op.Embedding(table, changed), () => table.ToArray<float>()])
        {
            string message = Assert.Throws<CorruptFileException>(use).Message;
            Assert.StartsWith(path, message);
            Assert.Contains("tensor 't' is read from it, and its row 3 is not as it was when the model was opened", message);
        }
        using (var rows = Op.Embedding(table, kept)) Assert.Equal([.. values[16..24], .. values[32..40]], rows.ToArray<float>());

        File.WriteAllBytes(path, content);
        using (var row = Op.Embedding(table, changed)) Assert.Equal(values[24..32], row.ToArray<float>());
        using (var cut = File.OpenWrite(path)) cut.SetLength(content.Length - 4 * 4000 + 3 * 32 + 31);
        Assert.Throws<CorruptFileException>(() => Op.Embedding(table, changed));

        void Write(long at, byte value)
        {
            using (var file = File.OpenWrite(path))
            {
                file.Position = at;
                file.WriteByte(value);
            }
            File.SetLastWriteTimeUtc(path, time);
        }
    }

    [Fact]
    public void A_table_of_several_pieces_is_taken_into_memory_whole()
    {
        string path = _folder["large.safetensors"];
        float[] values = [.. Enumerable.Range(0, 700 * 500).Select(i => (float)i)];
        SafetensorsWriter.Write(path,
            [SafetensorsItem.FromBytes("t", DType.Float32, [700, 500], MemoryMarshal.AsBytes<float>(values).ToArray())]);
        using var table = LeftIn(path, 700, 500);
        Assert.Equal(values, table.ToArray<float>());
    }

    [Fact]
    public void A_file_that_is_changed_between_its_header_and_its_table_is_refused()
    {
        WriteTable(out string path);
        using var file = SafetensorsFile.Open(path);
        using Tensor table = Tensor.DeferredZeros([500, 8], CpuDevice.Shared);
        File.SetLastWriteTimeUtc(path, new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        if (!OperatingSystem.IsLinux()) Assert.Skip("this system cannot tell whether a file has changed");
        Assert.Contains("was changed", Assert.Throws<CorruptFileException>(() => file.TryLeave("t", table)).Message);
    }

    [Fact]
    public void A_part_of_a_table_left_in_the_file_has_its_own_rows()
    {
        float[] values = WriteTable(out string path);
        using var table = LeftIn(path);
        var parts = table.Split(2);
        using var ids = Tensor.From([1], [1], CpuDevice.Shared);
        using var rows = Op.Embedding(parts[1], ids);
        Assert.Equal(values[2008..2016], rows.ToArray<float>());
        foreach (var part in parts) part.Dispose();
    }

    static Tensor LeftIn(string path, int rows = 500, int width = 8)
    {
        using var file = SafetensorsFile.Open(path);
        var table = Tensor.DeferredZeros([rows, width], CpuDevice.Shared);
        if (!file.TryLeave("t", table)) Assert.Skip("this system cannot tell whether a file has changed");
        return table;
    }

    [Fact]
    public void Only_what_the_file_has_as_it_is_stays_there()
    {
        float[] values = WriteTable(out string path);
        using var file = SafetensorsFile.Open(path);
        using Tensor plain = Tensor.Zeros([500, 8], CpuDevice.Shared), touched = Tensor.DeferredZeros([500, 8], CpuDevice.Shared),
            wide = Tensor.DeferredZeros([500, 8], CpuDevice.Shared, DType.Float64),
            small = Tensor.DeferredZeros([8], CpuDevice.Shared);
        Assert.All(touched.ToArray<float>(), value => Assert.Equal(0, value));
        Assert.False(file.TryLeave("t", plain));
        Assert.False(file.TryLeave("t", touched));
        Assert.False(file.TryLeave("t", wide));
        Assert.Throws<ShapeException>(() => file.TryLeave("t", small));
        file.CopyTo("t", touched);
        Assert.Equal(values, touched.ToArray<float>());
    }

    /// <returns>The values of tensor <c>t</c>, [500, 8].</returns>
    float[] WriteTable(out string path, float scale = 1)
    {
        path = _folder[$"table{scale}.safetensors"];
        float[] values = [.. Enumerable.Range(0, 4000).Select(i => scale * i)];
        SafetensorsWriter.Write(path,
            [SafetensorsItem.FromBytes("t", DType.Float32, [500, 8], MemoryMarshal.AsBytes<float>(values).ToArray())]);
        return values;
    }

    static SafetensorsItem Item(string name, DType dtype, int bytes, Action<byte[]> fill)
    {
        var buffer = new byte[bytes];
        fill(buffer);
        return SafetensorsItem.FromBytes(name, dtype, [1], buffer);
    }

    string WriteRaw(byte[] header, int dataBytes)
    {
        string path = _folder["raw.safetensors"];
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((long)header.Length), .. header, .. new byte[dataBytes]]);
        return path;
    }
}
