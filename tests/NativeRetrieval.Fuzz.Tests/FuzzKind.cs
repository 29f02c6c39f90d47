namespace NativeRetrieval.Fuzz.Tests;

/// <summary>A kind of file that someone else may have made, and the code that reads it.</summary>
/// <param name="Seeds">Good files, of which mutants are made.</param>
/// <param name="Read">Reads the file of this path to its end; throws what a user is told.</param>
/// <param name="Pieces">Words of the format, which are put into mutants beside changed bytes.</param>
public sealed record FuzzKind(string Name, IReadOnlyList<FuzzSeed> Seeds, Action<string> Read, IReadOnlyList<string> Pieces);

/// <summary>A good file.</summary>
/// <param name="Name">Path below the folder that the reader is shown.</param>
/// <param name="Beside">Paths and content of the other files of that folder.</param>
public sealed record FuzzSeed(string Name, byte[] Bytes, IReadOnlyList<(string Name, byte[] Bytes)> Beside);
