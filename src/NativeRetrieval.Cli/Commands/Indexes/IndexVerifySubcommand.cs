using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Cli.Commands.Indexes;

/// <summary><c>index verify</c>.</summary>
static class IndexVerifySubcommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = IndexCommand.Folder();
        var json = JsonOutput.Option();
        var command = new DocumentedCommand("verify", "Read a whole index and compare it with its checksums. "
            + "Exits with 5 if it is damaged.")
        {
            Examples = [("nativeretrieval index verify sounds.nrx", "After a disk error, or a copy from elsewhere")],
        };
        command.Add(folder);
        command.Add(json);
        command.SetAction(parsed =>
        {
            using var index = LocalAudioIndex.Open(IndexPlace.FolderOf(parsed.GetRequiredValue(folder), "index verify"), IndexAccess.Read);
            var found = index.Verify();
            if (parsed.GetValue(json)) WriteJson(terminal, found);
            else WriteText(terminal, found);
            return found.IsIntact ? ExitCode.Ok : ExitCode.Corrupt;
        });
        return command;
    }

    static void WriteText(Terminal terminal, IndexVerification found)
    {
        foreach (string problem in found.Problems) terminal.Line(problem);
        string verdict = found.IsIntact ? "intact" : Counted.Of(found.Problems.Count, "problem");
        terminal.Line($"{Counted.Of(found.FilesChecked, "file")}, {Counted.Of(found.WindowsChecked, "window")}: {verdict}");
    }

    static void WriteJson(Terminal terminal, IndexVerification found) => terminal.WriteJson(json =>
    {
        json.WriteBoolean("intact", found.IsIntact);
        json.WriteNumber("files", found.FilesChecked);
        json.WriteNumber("windows", found.WindowsChecked);
        json.WriteStartArray("problems");
        foreach (string problem in found.Problems) json.WriteStringValue(problem);
        json.WriteEndArray();
    });
}
