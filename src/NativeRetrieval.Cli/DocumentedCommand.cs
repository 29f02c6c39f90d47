using System.CommandLine;

namespace NativeRetrieval.Cli;

/// <summary>A command whose help ends with examples.</summary>
public sealed class DocumentedCommand(string name, string description) : Command(name, description)
{
    /// <summary>Command lines and their meaning. The first is the plainest use.</summary>
    public IReadOnlyList<(string CommandLine, string Meaning)> Examples { get; init; } = [];
}
