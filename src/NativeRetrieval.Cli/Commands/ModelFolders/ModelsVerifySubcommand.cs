using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.WeightsConvert.Catalogue;

namespace NativeRetrieval.Cli.Commands.ModelFolders;

/// <summary><c>models verify [NAME|DIR]</c>.</summary>
static class ModelsVerifySubcommand
{
    public static Command Create(Terminal terminal)
    {
        var what = new Argument<string?>("MODEL")
        {
            Description = "Name of a fetched model, or any model folder; default: everything that was fetched.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var json = JsonOutput.Option();
        var cache = CacheFolder.ModelsOption();
        var command = new DocumentedCommand("verify", "Compare model files with their recorded checksums. Exits with 5 if one is damaged.")
        {
            Examples =
            [
                ("nativeretrieval models verify", "Everything that was fetched"),
                ("nativeretrieval models verify runs/first", "A model of one's own, after a copy from elsewhere"),
            ],
        };
        command.Add(what);
        command.Add(json);
        command.Add(cache);
        command.SetAction((parsed, cancellation) => Task.FromResult(
            Run(terminal, parsed.GetValue(what), CacheFolder.ModelsOf(parsed, cache, terminal), parsed.GetValue(json), cancellation)));
        return command;
    }

    static int Run(Terminal terminal, string? what, string cache, bool asJson, CancellationToken cancellation)
    {
        string[] folders = [.. Folders(KnownModels.Of(terminal), what, cache)];
        string[] problems = [.. folders.SelectMany(folder => ChecksumList.Verify(folder, cancellation))];
        if (asJson) WriteJson(terminal, folders, problems);
        else
        {
            foreach (string problem in problems) terminal.Line(problem);
            terminal.Line($"{Counted.Of(folders.Length, "folder")}: "
                + (problems.Length == 0 ? "intact" : $"{Counted.Of(problems.Length, "problem")}; fetch the model again"));
        }
        return problems.Length == 0 ? ExitCode.Ok : ExitCode.Corrupt;
    }

    static IEnumerable<string> Folders(ModelCatalogue catalogue, string? what, string cache)
    {
        if (what is not null && !catalogue.Contains(what))
            return Directory.Exists(what) ? [what]
                : throw new OptionException($"'{what}' is neither a folder nor a model of the catalogue; "
                    + "models are listed by 'nativeretrieval models list'");
        var models = what is null ? catalogue.Models : [catalogue.Find(what)];
        string[] folders = [.. models.SelectMany(model => new[] { ModelStore.SourceIn(cache, model), ModelStore.ReadyIn(cache, model) })
            .Where(folder => File.Exists(Path.Combine(folder, ChecksumList.FileName)))];
        return folders.Length > 0 || what is null ? folders
            : throw new OptionException($"{what} was not fetched yet; 'nativeretrieval models fetch {what}' does it");
    }

    static void WriteJson(Terminal terminal, string[] folders, string[] problems) => terminal.WriteJson(json =>
    {
        json.WriteBoolean("intact", problems.Length == 0);
        Write("folders", folders);
        Write("problems", problems);

        void Write(string name, string[] values)
        {
            json.WriteStartArray(name);
            foreach (string value in values) json.WriteStringValue(value);
            json.WriteEndArray();
        }
    });
}
