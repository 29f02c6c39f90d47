using System.Text;

namespace NativeRetrieval.Faults.Tests.Injection;

/// <summary>A change of the disk that succeeded.</summary>
/// <param name="Type">
/// C: file created; T: length set to <paramref name="Offset"/>; W: <paramref name="Data"/> written at <paramref name="Offset"/>; F: file or
/// folder synced; R: renamed to <paramref name="Other"/>; L: linked to it; U: file or folder deleted; M: folder created.
/// </param>
/// <param name="Number">Number of the operation, from 1; operations that changed nothing are missing from the log.</param>
sealed record Operation(char Type, int Number, string Path, string Other, long Offset, byte[] Data)
{
    /// <summary>Reads a log that <c>faults.c</c> wrote.</summary>
    public static List<Operation> ReadLog(string path)
    {
        var operations = new List<Operation>();
        using var reader = new BinaryReader(File.OpenRead(path));
        while (reader.BaseStream.Position < reader.BaseStream.Length)
        {
            long type = reader.ReadInt64(), number = reader.ReadInt64(), offset = reader.ReadInt64();
            int pathLength = (int)reader.ReadInt64(), otherLength = (int)reader.ReadInt64(), length = (int)reader.ReadInt64();
            operations.Add(new((char)type, (int)number, Text(pathLength), Text(otherLength), offset, reader.ReadBytes(length)));
        }
        return operations;

        string Text(int bytes) => Encoding.UTF8.GetString(reader.ReadBytes(bytes));
    }

    public override string ToString() => $"{Number} {Type} {Path}{(Other.Length > 0 ? " -> " + Other : "")}"
        + (Type is 'W' ? $" {Data.Length} bytes at {Offset}" : Type is 'T' ? $" {Offset} bytes" : "");
}
