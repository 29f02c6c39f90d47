using System.IO.Compression;
using NativeRetrieval.TestSupport;
using NativeRetrieval.TestSupport.Checkpoints;
using NativeRetrieval.TestSupport.Mutation;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Tests.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Tests.Mutation;

public class ZipMutantTests
{
    static readonly string[] _files = [.. CheckpointFixtures.Committed.Where(path => IsZip(File.ReadAllBytes(path)))];
    static readonly string[] _whole = [.. _files.Where(path => !path.Contains("truncated", StringComparison.Ordinal))];

    [Fact]
    public void Edited_archives_are_read_or_refused() => Mutants.Run(".pth", _files, 4000, (bytes, other, edits, _) =>
        edits.Aggregate(bytes, (edited, edit) => edit.Apply(edited, other)));

    /// <summary>Checksums are right, so that the pickle machine meets every one.</summary>
    [Fact]
    public void Edited_pickles_in_good_archives_are_read_or_refused() => Mutants.Run(".pth", _whole, 7000, (bytes, _, edits, choice) =>
        Repack(bytes, choice, pickle =>
        {
            if (choice % 3 == 0) return edits.Aggregate(pickle, (edited, edit) => edit.Apply(edited, pickle));
            var operations = PickleOperations.Split(pickle);
            foreach (var edit in edits) edit.Apply(operations);
            return [.. operations.SelectMany(operation => operation)];
        }));

    /// <summary>Each bit of one archive in turn: the tensors are what they were, or nothing is read.</summary>
    [Fact]
    public void A_flipped_bit_never_changes_a_tensor()
    {
        byte[] original = File.ReadAllBytes(CheckpointFixtures.Path("good/zip_state_dict.pth"));
        using var folder = new TemporaryFolder();
        byte[] expected = Contents(CheckpointFixtures.Path("good/zip_state_dict.pth"))!;
        int read = 0;
        for (int at = 0; at < original.Length; at++)
        {
            byte[] flipped = [.. original];
            flipped[at] ^= (byte)(1 << (at % 8));
            string path = folder[$"{at}.pth"];
            File.WriteAllBytes(path, flipped);
            if (Contents(path) is not { } contents) continue;
            File.Delete(path);
            read++;
            Assert.True(expected.AsSpan().SequenceEqual(contents), $"byte {at}");
        }
        // Alignment and time stamps make up most of such a small archive.
        Assert.InRange(read, 1, original.Length * 3 / 4);
    }

    static byte[]? Contents(string path)
    {
        try
        {
            using var checkpoint = CheckpointFile.Open(path);
            using var contents = new MemoryStream();
            foreach (var tensor in checkpoint.Tensors)
            {
                contents.Write(System.Text.Encoding.UTF8.GetBytes($"{tensor.Name} {tensor.DType} [{string.Join(", ", tensor.Shape)}]"));
                checkpoint.CopyTo(tensor, contents, TestContext.Current.CancellationToken);
            }
            return contents.ToArray();
        }
        catch (Core.Errors.CorruptFileException)
        {
            return null;
        }
    }

    static byte[] Repack(byte[] archive, int choice, Func<byte[], byte[]> edit)
    {
        using var source = new ZipArchive(new MemoryStream(archive));
        using var packed = new MemoryStream();
        var zip = new ZipWriter(packed, zip64: choice % 5 == 0);
        foreach (var entry in source.Entries)
        {
            using var contents = new MemoryStream();
            using (var stream = entry.Open()) stream.CopyTo(contents);
            bool isPickle = entry.FullName.EndsWith("data.pkl", StringComparison.Ordinal);
            zip.Add(entry.FullName, isPickle ? edit(contents.ToArray()) : contents.ToArray(), deflate: choice % 4 == 0);
        }
        zip.Finish();
        return packed.ToArray();
    }

    static bool IsZip(ReadOnlySpan<byte> bytes) => bytes.StartsWith("PK"u8);
}
