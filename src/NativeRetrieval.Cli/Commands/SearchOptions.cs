using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;

namespace NativeRetrieval.Cli.Commands;

/// <summary>The options that all searching commands have.</summary>
internal sealed class SearchOptions
{
    readonly Option<DirectoryInfo> _index = new("--index")
    {
        Description = "The index to search.",
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
    readonly Option<string?> _path = new("--path")
    {
        Description = "Only files whose path matches this pattern, e.g. '*.wav' or 'field/**'.",
        HelpName = "GLOB",
    };
    readonly Option<float?> _minimum = new("--min-score")
    {
        Description = "Only hits with at least this cosine similarity.",
        HelpName = "S",
    };
    readonly Option<bool> _windows = new("--windows") { Description = "Show every matching window, not only each file's best." };
    readonly Option<DirectoryInfo?> _export = new("--export")
    {
        Description = "Write the stretch of each hit as WAV into this folder, which is new or empty: 01-0.899-rain-0m12.5s.wav has "
            + "rank, score, name and start. Sample rate, channels and samples are the file's own.",
        HelpName = "DIR",
    };

    readonly DeviceOption _device = DeviceOption.Create();

    public Option<bool> Json { get; } = JsonOutput.Option();

    public SearchOptions()
    {
        _top.RequireRange(1, 1_000_000, "1 to 1,000,000 hits");
        _minimum.RequireRange(-1, 1, "-1 to 1, because scores are cosine similarities");
    }

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_index, _model, _top, _path, _minimum, _windows, _export, .. _device.Options, Json])
            command.Add(option);
    }

    public AudioSearchOptions Of(ParseResult parsed) => new()
    {
        Top = parsed.GetValue(_top),
        PathFilter = parsed.GetValue(_path),
        MinScore = parsed.GetValue(_minimum) ?? float.NegativeInfinity,
        Grouping = parsed.GetValue(_windows) ? HitGrouping.AllWindows : HitGrouping.BestWindowPerFile,
    };

    /// <summary>The export that <c>--export</c> asks for, or null.</summary>
    /// <exception cref="OptionException">The folder holds something, or is a file.</exception>
    public HitExport? ExportOf(ParseResult parsed) => parsed.GetValue(_export) is { } folder ? HitExport.Into(folder.FullName) : null;

    /// <summary>The index with the model it was made by.</summary>
    /// <param name="asksAgain">True where several searches follow: a GPU then holds a copy of the index; for one, reading the
    /// files is less work than copying them.</param>
    /// <exception cref="OptionException">The model is no longer where it was.</exception>
    public OpenedIndex Open(ParseResult parsed, Terminal terminal, ModelParts parts, bool asksAgain)
    {
        var device = _device.Open(parsed, terminal);
        string path = parsed.GetRequiredValue(_index).FullName;
        LocalAudioIndex? index = null;
        try
        {
            index = LocalAudioIndex.Open(path, IndexAccess.Read, device: asksAgain ? device : null);
            var choice = new ModelChoice(terminal);
            return new OpenedIndex(device, index, choice.Named(parsed.GetValue(_model)) is { } named
                ? ModelChoice.OpenNamed(named, path, index.Settings, device, parts)
                : choice.Open(path, index.Settings, device, parts));
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
internal sealed record OpenedIndex(Device Device, LocalAudioIndex Index, RetrievalEngine Engine) : IDisposable
{
    public void Dispose()
    {
        Engine.Dispose();
        Index.Dispose();
        Device.Dispose();
    }
}
