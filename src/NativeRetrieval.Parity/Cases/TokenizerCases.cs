using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Evaluation.Data.Tables;
using NativeRetrieval.Text;

namespace NativeRetrieval.Parity.Cases;

/// <summary>The uncased WordPiece tokenizer against Hugging Face's: strings made to break it, and every caption of two data sets.</summary>
static class TokenizerCases
{
    const string Vocabulary = "tokenizer/vocab.txt", Hostile = "tokenizer/hostile.jsonl", Hashes = "tokenizer/captions.json";

    static readonly string[] _captions = ["clotho/train.csv", "clotho/val.csv", "clotho/test.csv", "audiocaps/train.csv",
        "audiocaps/val.csv", "audiocaps/test.csv"];

    public static IEnumerable<ParityCase> All =>
    [
        new("tokenizer: hostile strings", 0, [Hostile, Vocabulary], HostileStrings) { Unit = "strings that differ" },
        .. _captions.Select(file => new ParityCase($"tokenizer: every caption of {file}", 0, [Hashes, Vocabulary, $"data/{file}"],
            folder => Captions(folder, file)) { Unit = "files that differ" }),
    ];

    static WorstError HostileStrings(ParityFolder folder)
    {
        var tokenizer = TextTokenizer.FromFile(folder.Require(Vocabulary));
        int lines = 0, wrong = 0;
        string first = "";
        foreach (string line in SmallFile.ReadLines(folder.Require(Hostile), ParityFolder.LargestFileBytes))
        {
            lines++;
            using var json = JsonDocument.Parse(line);
            int[] expected = [.. json.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            if (tokenizer.Encode(json.RootElement.GetProperty("text").GetString()!).SequenceEqual(expected)) continue;
            if (wrong++ == 0) first = $", first in line {lines}";
        }
        var worst = new WorstError();
        worst.Add(lines == 0 ? double.NaN : wrong, $"{wrong} of {lines}{first}");
        return worst;
    }

    static WorstError Captions(ParityFolder folder, string file)
    {
        var tokenizer = TextTokenizer.FromFile(folder.Require(Vocabulary));
        using var json = SmallFile.ReadJson(folder.Require(Hashes), ParityFolder.LargestFileBytes);
        var expected = json.RootElement.GetProperty("files").EnumerateArray().Single(entry =>
            entry.GetProperty("file").GetString() == file);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (captions, tokens) = (0, 0);
        byte[] bytes = new byte[4 * (tokenizer.Options.MaxLength + 1)];
        foreach (string caption in CaptionColumns(folder.Require($"data/{file}")))
        {
            int[] ids = tokenizer.Encode(caption);
            BinaryPrimitives.WriteInt32LittleEndian(bytes, ids.Length);
            for (int i = 0; i < ids.Length; i++) BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 + 4 * i), ids[i]);
            hash.AppendData(bytes, 0, 4 + 4 * ids.Length);
            captions++;
            tokens += ids.Length;
        }
        bool same = expected.GetProperty("sha256").GetString() == Convert.ToHexStringLower(hash.GetHashAndReset())
            && expected.GetProperty("captions").GetInt32() == captions && expected.GetProperty("tokens").GetInt32() == tokens;
        var worst = new WorstError();
        worst.Add(same ? 0 : 1, string.Create(CultureInfo.InvariantCulture, $"{captions:N0} captions, {tokens:N0} tokens"));
        return worst;
    }

    static IEnumerable<string> CaptionColumns(string path)
    {
        using var table = Table.Open(path);
        foreach (var row in table.Rows())
            foreach (var field in row.Fields)
                if (field.Column.Key.StartsWith("caption", StringComparison.Ordinal)) yield return field.Text;
    }
}
