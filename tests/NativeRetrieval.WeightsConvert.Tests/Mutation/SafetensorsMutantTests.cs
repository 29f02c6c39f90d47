using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;
using NativeRetrieval.TestSupport;
using NativeRetrieval.TestSupport.Mutation;
using NativeRetrieval.WeightsConvert.Tests.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Tests.Mutation;

public partial class SafetensorsMutantTests
{
    static readonly string[] _files =
    [
        .. CheckpointFixtures.Committed.Where(path => path.EndsWith(".safetensors", StringComparison.Ordinal)),
        .. Directory.GetFiles(Fixtures.Small("checkpoints/good"), "*.expected.safetensors").Order(StringComparer.Ordinal),
    ];

    static readonly string[] _pieces =
    [
        "-1", "9223372036854775807", "18446744073709551616", "1e3", "0", "4", "[]", "{}", "null", "\"F32\"", "\"F4\"", "[[[[[[[[[[",
        "\"__metadata__\":{\"a\":1},", "\"a\":", ",", "\"\\ud800\"", "}", "\"data_offsets\":[0,4],",
    ];

    [Fact]
    public void Edited_files_are_read_or_refused() => Mutants.Run(".safetensors", _files, 4000, (bytes, other, edits, choice) =>
        choice % 2 == 0 || bytes.Length < 10
            ? edits.Aggregate(bytes, (edited, edit) => edit.Apply(edited, other))
            : EditHeader(bytes, edits));

    /// <summary>Replaces words of the header by others and makes the header's length right again.</summary>
    static byte[] EditHeader(byte[] bytes, ByteEdit[] edits)
    {
        int length = (int)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(bytes), (ulong)bytes.Length - 8);
        var words = Words().Matches(Encoding.Latin1.GetString(bytes, 8, length)).Select(match => match.Value).ToList();
        foreach (var edit in edits)
        {
            int at = edit.Position % words.Count;
            string piece = edit.Length % 2 == 0 ? words[edit.Value % words.Count] : _pieces[edit.Value % _pieces.Length];
            if (edit.Kind is ByteEdit.Kinds.Insert or ByteEdit.Kinds.Repeat) words.Insert(at, piece);
            else words[at] = edit.Kind == ByteEdit.Kinds.Delete ? "" : piece;
        }
        byte[] header = Encoding.Latin1.GetBytes(string.Concat(words)), field = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(field, header.Length);
        return [.. field, .. header, .. bytes[(8 + length)..]];
    }

    [GeneratedRegex("\"[^\"]*\"|[0-9]+|.", RegexOptions.Singleline)]
    private static partial Regex Words();
}
