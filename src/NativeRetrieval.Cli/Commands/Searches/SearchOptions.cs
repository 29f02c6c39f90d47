using System.CommandLine;
using NativeRetrieval.Cli.Commands.Indexes;
using NativeRetrieval.Cli.Commands.ModelFolders;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;

namespace NativeRetrieval.Cli.Commands.Searches;

/// <summary>The options that all searching commands have.</summary>
internal sealed class SearchOptions
{
    readonly Option<DirectoryInfo> _index = new("--index")
    {
        Description = "The index to search: a folder, postgres://… or clickhouse://….",
        HelpName = "sounds.nrx",
        Required = true,
    };
    readonly Option<DirectoryInfo?> _model = new("--model")
    {
        Description = "The model folder, where it has moved since the index was made; default: NATIVERETRIEVAL_MODEL, else the model "
            + "that the index was made by.",
        HelpName = "MODEL",
    };
    readonly Option<int> _top = new("--top") { Description = "The most hits to show.", HelpName = "N", DefaultValueFactory = _ => 10 };
    readonly FilterOptions _filter = new();
    readonly Option<bool> _windows = new("--windows") { Description = "Show every matching window, not only each file's best." };
    readonly Option<DirectoryInfo?> _export = new("--export")
    {
        Description = "Write the stretch of each hit as WAV into this folder, which is new or empty: 01-0.899-rain-0m12.5s.wav has "
            + "rank, score, name and start. Sample rate, channels and samples are the file's own.",
        HelpName = "DIR",
    };
    readonly Option<FileInfo?> _exportList = new("--export-list")
    {
        Description = "Write the hits as a table (hits.csv) or a playlist (hits.m3u8) into this file, which is new.",
        HelpName = "FILE",
    };

    readonly DeviceOption _device = DeviceOption.Create(isShort: true);

    public Option<bool> Json { get; } = JsonOutput.Option();

    public SearchOptions() => _top.RequireRange(1, 1_000_000, "1 to 1,000,000 hits");

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_index, _model, _top, .. _filter.All, _windows, _export, _exportList, .. _device.Options,
            Json])
            command.Add(option);
    }

    /// <summary>The question of these parts with the options of the command line.</summary>
    public LibraryQuery Of(ParseResult parsed, Terminal terminal, IReadOnlyList<QueryPart> parts) => new()
    {
        Parts = parts,
        Top = parsed.GetValue(_top),
        Filter = _filter.Of(parsed, terminal.Time.GetUtcNow()),
        Grouping = parsed.GetValue(_windows) ? HitGrouping.AllWindows : HitGrouping.BestWindowPerFile,
    };

    /// <summary>True where hits are to be written into files.</summary>
    public bool Exports(ParseResult parsed) => parsed.GetValue(_export) is not null || parsed.GetValue(_exportList) is not null;

    /// <summary>The files that hits are to be written into.</summary>
    /// <exception cref="OptionException">A folder holds something, or a file is there.</exception>
    public HitFiles FilesOf(ParseResult parsed) => new(
        parsed.GetValue(_export) is { } folder ? HitExport.Into(folder.FullName) : null,
        parsed.GetValue(_exportList) is { } list ? HitListFile.At(list.FullName) : null);

    /// <summary>The index with the model it was made by.</summary>
    /// <param name="asksAgain">True where several searches follow: a GPU then holds a copy of the index; for one, reading the
    /// files is less work than copying them.</param>
    /// <exception cref="OptionException">The model is no longer where it was.</exception>
    public async Task<OpenedIndex> OpenAsync(ParseResult parsed, Terminal terminal, ModelParts parts, bool asksAgain,
        CancellationToken cancellation, TextPrecision precision = TextPrecision.Float32)
    {
        var device = _device.Open(parsed, terminal);
        ILibraryIndex? index = null;
        try
        {
            var place = IndexPlace.Of(parsed.GetRequiredValue(_index));
            index = await place.OpenAsync(asksAgain ? device : null, cancellation);
            var choice = new ModelChoice(terminal);
            return new OpenedIndex(device, index, choice.Named(parsed.GetValue(_model)) is { } named
                ? ModelChoice.OpenNamed(named, place.Name, index.Settings, device, parts, precision)
                : choice.Open(place.Name, index.Settings, device, parts, precision));
        }
        catch
        {
            index?.Dispose();
            device.Dispose();
            throw;
        }
    }
}

/// <summary>An index, the model it was made by, and the device.</summary>
internal sealed record OpenedIndex(Device Device, ILibraryIndex Index, RetrievalEngine Engine) : IDisposable
{
    public LibrarySearch Search { get; } = new(Engine, Index);

    public void Dispose()
    {
        Engine.Dispose();
        Index.Dispose();
        Device.Dispose();
    }
}

/// <summary>Files that hits are written into; null: none.</summary>
internal sealed record HitFiles(HitExport? Excerpts, HitListFile? List);
