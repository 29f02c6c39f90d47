using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Text.Tests;

public class ReferenceIdsTests
{
    sealed record Hostile(string text, int[] ids);

    sealed record CaptionFile(string file, int captions, int tokens, string sha256);

    [Fact]
    public void Hostile_strings_get_the_ids_of_the_reference()
    {
        int compared = 0;
        foreach (string line in File.ReadLines(Fixtures.Small("tokenizer/hostile.jsonl")))
        {
            var expected = JsonSerializer.Deserialize<Hostile>(line)!;
            Assert.True(expected.ids.AsSpan().SequenceEqual(Tokenizers.Uncased.Encode(expected.text)),
                $"line {compared + 1}: {line}\nours: {string.Join(", ", Tokenizers.Uncased.Encode(expected.text))}");
            compared++;
        }
        Assert.Equal(2500, compared);
    }

    [Theory]
    [InlineData("clotho/train.csv"), InlineData("clotho/val.csv"), InlineData("clotho/test.csv")]
    [InlineData("audiocaps/train.csv"), InlineData("audiocaps/val.csv"), InlineData("audiocaps/test.csv")]
    public void Every_caption_gets_the_ids_of_the_reference(string file)
    {
        if (Fixtures.Shared("data/" + file) is not { } path)
        {
            Assert.Skip(Fixtures.WhyAbsent("data/" + file));
            return;
        }
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Small("tokenizer/captions.json")));
        var expected = golden.RootElement.GetProperty("files").Deserialize<CaptionFile[]>()!.Single(entry => entry.file == file);

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (captions, tokens) = (0, 0);
        byte[] bytes = new byte[4 * 513];
        foreach (string caption in CaptionColumns(path))
        {
            int[] ids = Tokenizers.Uncased.Encode(caption);
            BinaryPrimitives.WriteInt32LittleEndian(bytes, ids.Length);
            for (int i = 0; i < ids.Length; i++) BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 + 4 * i), ids[i]);
            hash.AppendData(bytes, 0, 4 + 4 * ids.Length);
            captions++;
            tokens += ids.Length;
        }

        Assert.Equal(expected, new CaptionFile(file, captions, tokens, Convert.ToHexStringLower(hash.GetHashAndReset())));
    }

    static IEnumerable<string> CaptionColumns(string path)
    {
        using var rows = Csv.Rows(File.ReadAllText(path)).GetEnumerator();
        rows.MoveNext();
        int[] columns = [.. rows.Current.Index().Where(cell => cell.Item.StartsWith("caption", StringComparison.Ordinal)).Select(cell => cell.Index)];
        while (rows.MoveNext())
            foreach (int column in columns) yield return rows.Current[column];
    }
}
