using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;

namespace NativeRetrieval.Server.Library;

/// <summary>The model and the indexes of a service. Members may be called from several threads.</summary>
internal sealed class ServedLibrary : IDisposable
{
    readonly bool _ownsEngine;

    /// <param name="hosts">
    /// The engine that the host has among its services; it is shared where the options name no model and the first index is of its model.
    /// </param>
    /// <exception cref="OptionException">
    /// Two indexes have one name, or were made by different models; or the model cannot read a sentence of the query bank.
    /// </exception>
    /// <exception cref="IndexException">There is no index, or it was made by another model.</exception>
    /// <exception cref="CorruptFileException">An index or the model is damaged.</exception>
    public ServedLibrary(ServerOptions options, RetrievalEngine? hosts = null)
    {
        options.Validate();
        var indexes = new List<ServedIndex>();
        try
        {
            var given = options.Engine ?? (options.Model is null && options.Device is null ? Shared(hosts, options.Indexes[0]) : null);
            Engine = given ?? RetrievalEngine.Open(options.Model ?? ModelOf(options.Indexes[0]), options.Device ?? CpuDevice.Shared);
            _ownsEngine = given is null;
            foreach (string folder in options.Indexes) indexes.Add(new ServedIndex(folder, Engine, options.Device));
            if (indexes.GroupBy(index => index.Name).FirstOrDefault(group => group.Count() > 1) is { } twins)
                throw new OptionException($"{string.Join(" and ", twins.Select(index => index.Folder))} would have one name, {twins.Key}; "
                    + "rename a folder");
            Indexes = indexes;
            Bank = options.QueryBank.Count > 0 ? Engine.EmbedQueryBank(options.QueryBank, options.QueryBankCache) : null;
        }
        catch
        {
            foreach (var index in indexes) index.Dispose();
            if (_ownsEngine) Engine?.Dispose();
            throw;
        }
    }

    /// <summary>The model of all indexes.</summary>
    public RetrievalEngine Engine { get; }

    /// <summary>The indexes, in the order in which they were named.</summary>
    public IReadOnlyList<ServedIndex> Indexes { get; }

    /// <summary>Sentences by which questions may take hubs down; null: there are none.</summary>
    public QueryBank? Bank { get; }

    /// <summary>The model's name: that of its folder.</summary>
    public string ModelName => Path.GetFileName(Engine.Folder);

    /// <summary>The index of a name; without a name, the only one.</summary>
    /// <exception cref="Refusal">There is none of this name, or there are several and none is named.</exception>
    public ServedIndex Named(string? name)
    {
        if (name is null && Indexes is [var only]) return only;
        string names = string.Join(", ", Indexes.Select(index => index.Name));
        return name is null ? throw Refusal.Unprocessable($"say which index to search; there are {names}")
            : Indexes.FirstOrDefault(index => index.Name == name) ?? throw Refusal.NotFound($"there is no index {name}; there are {names}");
    }

    /// <summary>The file of an opaque id.</summary>
    /// <exception cref="Refusal">No index has a file of this id.</exception>
    public async Task<ServedFile> FileAsync(string id, CancellationToken cancellation)
    {
        if (FileTable.IsWellFormed(id))
            foreach (var index in Indexes)
                if (await index.UseAsync(opened => FindAsync(opened, index, id, cancellation)).ConfigureAwait(false) is { } file)
                    return file;
        throw Refusal.NotFound("no index has a file of this id; ids come with the hits of a search");
    }

    static async Task<ServedFile?> FindAsync(OpenedIndex opened, ServedIndex index, string id, CancellationToken cancellation)
    {
        if (opened.Files.PathOf(id) is not { } path) return null;
        return await opened.Index.GetAsync(path, cancellation).ConfigureAwait(false) is { } entry
            ? new ServedFile(id, index, entry, entry.Details ?? new SoundDetails { DurationSeconds = entry.Windows[^1].EndSeconds })
            : null;
    }

    static RetrievalEngine? Shared(RetrievalEngine? hosts, string folder)
    {
        if (hosts is not { Model.Parts: ModelParts.Both }) return null;
        using var index = LocalAudioIndex.Open(folder, IndexAccess.Read);
        return index.Settings.ModelFingerprint == hosts.Fingerprint ? hosts : null;
    }

    static string ModelOf(string folder)
    {
        using var index = LocalAudioIndex.Open(folder, IndexAccess.Read);
        return Directory.Exists(index.Settings.ModelId) ? index.Settings.ModelId
            : throw new OptionException($"{folder} was made by the model {index.Settings.ModelId}, which is not there; name the model");
    }

    public void Dispose()
    {
        foreach (var index in Indexes) index.Dispose();
        if (_ownsEngine) Engine.Dispose();
    }
}
