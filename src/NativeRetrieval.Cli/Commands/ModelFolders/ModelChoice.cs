using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;
using NativeRetrieval.WeightsConvert.Catalogue;

namespace NativeRetrieval.Cli.Commands.ModelFolders;

/// <summary>
/// The model of a command: <c>--model</c>, else the environment's, else the one that an index was made by, else the installed default.
/// </summary>
internal sealed class ModelChoice(Terminal terminal)
{
    /// <summary>Variable of the environment that names a model folder.</summary>
    public const string Variable = "NATIVERETRIEVAL_MODEL";

    const string WayOut = "index the sounds again, or name the right model by --model";

    readonly string _store = CacheFolder.ModelsOf(terminal);

    /// <summary>The option <c>--model</c> of commands without an index.</summary>
    public static Option<DirectoryInfo?> Option() => new("--model")
    {
        Description = $"Model folder, or name of an installed model; default: {Variable}, else the installed one.",
        HelpName = "MODEL",
    };

    /// <summary>The folder that the command line or the environment names, else that of the installed default.</summary>
    /// <exception cref="OptionException">No model is named, and none is installed.</exception>
    public string NamedOrDefault(DirectoryInfo? given) => Named(given) ?? RequireDefault();

    /// <summary>The folder that the command line or the environment names; null: neither does.</summary>
    public string? Named(DirectoryInfo? given)
    {
        if (given is not null) return FolderOf(given);
        string? set = terminal.Variable(Variable);
        return string.IsNullOrEmpty(set) ? null : FolderOf(new DirectoryInfo(set));
    }

    /// <summary>A folder that is given, or that of the installed model whose name is given; a folder of that name comes first.</summary>
    /// <exception cref="OptionException">The catalogue has a model of that name, and it is not installed.</exception>
    public string FolderOf(DirectoryInfo given)
    {
        string name = given.ToString();
        if (Directory.Exists(given.FullName) || name.AsSpan().ContainsAny('/', Path.DirectorySeparatorChar)) return given.FullName;
        var catalogue = KnownModels.Of(terminal);
        if (!catalogue.Contains(name)) return given.FullName;
        string known = catalogue.Find(name).Name;
        return ModelStore.RecordOf(_store, known)?.Folder ?? throw new OptionException(
            $"there is no folder {name} here, and the model {known} is not installed: 'nativeretrieval models fetch {known}' installs it");
    }

    /// <summary>The model that an index was made by: where it was then, else an installed one with its fingerprint.</summary>
    /// <param name="path">The index, named in the error.</param>
    /// <exception cref="OptionException">It is nowhere, or another has taken its place.</exception>
    public RetrievalEngine Open(string path, IndexSettings index, Device device, ModelParts parts,
        TextPrecision precision = TextPrecision.Float32)
    {
        bool isThere = Directory.Exists(index.ModelId);
        if (isThere && Matching(index.ModelId, index, device, parts, precision) is { } engine) return engine;
        string? installed = ModelStore.Installed(_store).FirstOrDefault(model => model.Fingerprint == index.ModelFingerprint)?.Folder;
        if (installed is not null && Matching(installed, index, device, parts, precision) is { } same) return same;
        throw new OptionException(isThere ? $"{path} was made by another model than {index.ModelId}; {WayOut}"
            : $"{path} was made by the model {index.ModelId}, which is not there, and no installed model is the same; say where it is by "
                + "--model");
    }

    /// <summary>A named model, for an index.</summary>
    /// <exception cref="OptionException">It is not there, or the index was made by another.</exception>
    public static RetrievalEngine OpenNamed(string folder, string path, IndexSettings index, Device device, ModelParts parts,
        TextPrecision precision = TextPrecision.Float32) =>
        !Directory.Exists(folder)
            ? throw new OptionException($"the model {folder} is not there; {path} was made by {index.ModelId}: say where it is by --model")
            : Matching(folder, index, device, parts, precision)
                ?? throw new OptionException($"{path} was made by another model than {folder}; {WayOut}");

    static RetrievalEngine? Matching(string folder, IndexSettings index, Device device, ModelParts parts, TextPrecision precision)
    {
        var engine = RetrievalEngine.Open(folder, device, parts, precision);
        if (engine.Fingerprint == index.ModelFingerprint) return engine;
        engine.Dispose();
        return null;
    }

    /// <summary>
    /// The folder of the installed default: the catalogue's, else the only model whose licence asked for no consent. It is named on the
    /// terminal.
    /// </summary>
    /// <returns>The folder; null: no model is installed.</returns>
    /// <exception cref="OptionException">There are several, and none is the default.</exception>
    string? Default()
    {
        var installed = ModelStore.Installed(_store);
        var free = installed.Where(model => !model.LicenceAccepted).ToList();
        var chosen = installed.FirstOrDefault(model => model.Name == KnownModels.Of(terminal).Default?.Name)
            ?? (free.Count == 1 ? free[0] : null);
        if (chosen is null)
            return installed.Count == 0 ? null : throw new OptionException("say which model to use by --model; installed are "
                + string.Join(", ", installed.Select(model => $"{model.Name} ({model.Folder})")));
        terminal.Message($"model: {chosen.Name}, licence {chosen.Licence}, {chosen.Folder}");
        return chosen.Folder;
    }

    /// <summary><see cref="Default"/>, where nothing can be fetched.</summary>
    /// <exception cref="OptionException">No model is installed, or several and none is the default.</exception>
    string RequireDefault() => Default() ?? throw new OptionException($"say which model to use by --model or {Variable}"
        + (KnownModels.Of(terminal).Default is { } model ? $"; 'nativeretrieval models fetch {model.Name}' installs one: "
            + KnownModels.Introduce(model) : ""));

    /// <summary><see cref="Default"/>; where none is installed, the catalogue's default is fetched if the user agrees.</summary>
    /// <param name="agreed">True if the user agreed beforehand.</param>
    /// <exception cref="OptionException">The user does not agree, or cannot be asked.</exception>
    public async Task<string> DefaultOrFetchAsync(bool agreed, CancellationToken cancellation)
    {
        if (Default() is { } installed) return installed;
        if (KnownModels.Of(terminal).Default is not { } model) return RequireDefault();
        if (!agreed && !terminal.CanAsk)
            throw new OptionException($"no model is named and none is installed: name one by --model or {Variable}, or let --yes fetch "
                + KnownModels.Introduce(model));
        if (!agreed && !Agrees(model))
            throw new OptionException("no model: nothing was fetched; name one by --model, or fetch one by 'nativeretrieval models fetch'");
        var fetch = new ModelFetch(terminal, model, _store)
        {
            Request = new() { Mirrors = KnownModels.MirrorsOf(terminal, null) },
            Introduced = !agreed,
        };
        return (await fetch.RunAsync(cancellation)).Folder;
    }

    bool Agrees(CatalogueEntry model)
    {
        string? answer = terminal.Ask($"No model is named and none is installed. Fetch {KnownModels.Introduce(model)}? [y/N]");
        return answer?.Trim().ToLowerInvariant() is "y" or "yes";
    }
}
