using Microsoft.Extensions.Configuration;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;

namespace NativeRetrieval.Server;

/// <summary>The indexes of a service, its model, its key and its limits.</summary>
public sealed record ServerOptions
{
    /// <summary>Fewest characters of a key.</summary>
    public const int ShortestKey = 16;

    /// <summary>
    /// Folders of the indexes that are searched, at least one, all made by one model. Each is known by its folder's name without the
    /// extension.
    /// </summary>
    public required IReadOnlyList<string> Indexes { get; init; }

    /// <summary>
    /// The model folder. Default null: the host's <see cref="RetrievalEngine"/> where it is among the services and made the first index;
    /// else the one that the first index names.
    /// </summary>
    public string? Model { get; init; }

    /// <summary>A model that the host has opened and disposes, in place of <see cref="Model"/>. Default null.</summary>
    public RetrievalEngine? Engine { get; init; }

    /// <summary>Device of the model and of the search. Default null: the CPU.</summary>
    public Device? Device { get; init; }

    /// <summary>
    /// The key that requests carry as <c>Authorization: Bearer KEY</c>, at least 16 characters. Default null: none; then only requests from
    /// this machine are answered.
    /// </summary>
    public string? Key { get; init; }

    /// <summary>
    /// Program and first arguments of the process that decodes uploads, to which the service adds its own; the program hands these to
    /// <see cref="Uploads.UploadProcess.Run"/>. Default empty: uploads are refused.
    /// </summary>
    public IReadOnlyList<string> UploadProgram { get; init; } = [];

    /// <summary>
    /// Folders of sounds that a request may bring an index up to date with; a request names none itself. Default empty: such requests are
    /// refused.
    /// </summary>
    public IReadOnlyList<string> SoundFolders { get; init; } = [];

    /// <summary>
    /// Source of what is written about the sounds in <see cref="SoundFolders"/>, asked when a run begins; an error of the project's that it
    /// throws ends that run. Default null: the files' tags and names.
    /// </summary>
    public Func<FileDescriber>? Describer { get; init; }

    /// <summary>
    /// Sentences by which requests may have sounds taken down that are near to almost any (<see cref="Indexing.QueryBank"/>), at least ten,
    /// best some hundreds of captions or questions of all kinds. They are embedded when the model is opened. Default empty: requests for it
    /// are refused.
    /// </summary>
    public IReadOnlyList<string> QueryBank { get; init; } = [];

    /// <summary>Folder that keeps the vectors of <see cref="QueryBank"/> from one start to the next. Default null: none.</summary>
    public string? QueryBankCache { get; init; }

    /// <summary>Clock by which the files of <see cref="SoundFolders"/> are said to be added; null: no time is kept for them.</summary>
    public TimeProvider? Time { get; init; }

    /// <summary>Sizes and times that requests may take.</summary>
    public ServerLimits Limits { get; init; } = new();

    /// <summary>
    /// Options from the settings of a host, such as <c>{ "Indexes": ["sounds.nrx"], "Limits": { "Waiting": 8 } }</c>: the members whose
    /// values are texts, numbers or lists of texts, by their names; the others are set by <c>with</c>. Ranges are not looked at yet
    /// (<see cref="Validate"/>).
    /// </summary>
    /// <param name="settings">A section with these names.</param>
    /// <exception cref="OptionException">A name is not known, or a value is none of its kind.</exception>
    public static ServerOptions From(IConfiguration settings) => ServerSettings.Read(settings);

    /// <summary>Refuses options that no service can have.</summary>
    /// <exception cref="OptionException">A value is out of its range.</exception>
    public void Validate()
    {
        if (Indexes.Count == 0) throw new OptionException("a service needs an index at least; none is named");
        if (Key is { } key && (key.Length < ShortestKey || key.AsSpan().ContainsAnyExceptInRange('!', '~')))
            throw new OptionException($"the key has {key.Length} characters; it must have {ShortestKey} or more, of ASCII without spaces");
        if (Engine is not null && Model is not null) throw new OptionException("name the model by its folder or give it open, not both");
        if (SoundFolders.FirstOrDefault(folder => !Directory.Exists(folder)) is { } absent)
            throw new OptionException($"the folder of sounds {absent} does not exist; a service indexes folders that are there");
        if (QueryBank.Count > 0) Indexing.QueryBank.RequireEnough(QueryBank.Count, "the service's query bank");
        Limits.Validate();
    }
}
