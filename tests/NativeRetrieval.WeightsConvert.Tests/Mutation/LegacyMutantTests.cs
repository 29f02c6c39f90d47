using NativeRetrieval.TestSupport.Mutation;
using NativeRetrieval.WeightsConvert.Tests.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Tests.Mutation;

public class LegacyMutantTests
{
    static readonly string[] _files = [.. CheckpointFixtures.Committed.Where(path => File.ReadAllBytes(path) is [0x80, ..])];

    [Fact]
    public void Edited_files_are_read_or_refused() => Mutants.Run(".pth", _files, 5000, (bytes, other, edits, choice) =>
    {
        if (choice % 3 == 0) return edits.Aggregate(bytes, (edited, edit) => edit.Apply(edited, other));
        var operations = PickleOperations.Split(bytes);
        byte[] rest = bytes[operations.Sum(operation => operation.Length)..];
        foreach (var edit in edits) edit.Apply(operations);
        return [.. operations.SelectMany(operation => operation), .. rest];
    });
}
