using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Models;
using NativeRetrieval.WeightsConvert.Catalogue;
using NativeRetrieval.WeightsConvert.Conversion;

namespace NativeRetrieval.Cli.Commands.ModelFolders;

/// <summary>Download, check, conversion and record of one model of the catalogue, with progress on the terminal.</summary>
/// <param name="Store">Folder that keeps fetched models.</param>
internal sealed record ModelFetch(Terminal Terminal, CatalogueEntry Model, string Store)
{
    public FetchRequest Request { get; init; } = new();

    public DownloadOptions Downloads { get; init; } = new();

    /// <summary>Folder to make; null: in the store.</summary>
    public string? To { get; init; }

    /// <summary>True where the user has seen name, size and licence already.</summary>
    public bool Introduced { get; init; }

    /// <summary>True to leave the files as they are published.</summary>
    public bool Raw { get; init; }

    /// <returns>The folder that is ready, or with <see cref="Raw"/> that of the files, and the files.</returns>
    public async Task<(string Folder, IReadOnlyList<FetchedFile> Files)> RunAsync(CancellationToken cancellation)
    {
        ModelStore.RequireConsent(Model, Request);
        string source = Raw && To is not null ? To : ModelStore.SourceIn(Store, Model);
        string ready = Raw ? source : To ?? ModelStore.ReadyIn(Store, Model);
        // A download of hundreds of megabytes does not begin where its result has no place.
        if (!Raw && To is not null) CheckpointConversion.CheckTarget(To);
        var fetched = await DownloadAsync(source, cancellation);
        if (!Raw) Convert(source, ready, cancellation);
        if (!Raw || ModelStore.RecordOf(Store, Model.Name) is null) Record(ready);
        return (ready, fetched);
    }

    async Task<IReadOnlyList<FetchedFile>> DownloadAsync(string source, CancellationToken cancellation)
    {
        if (!Introduced) Terminal.Message(KnownModels.Introduce(Model));
        using var client = Downloader.CreateClient();
        using var progress = new Output.Progress(Terminal, Model.Name, (Model.SizeBytes ?? 0) >> 10, "KiB");
        long before = 0, current = 0;
        CatalogueFile? last = null;
        var request = Request with
        {
            Report = (file, bytes) =>
            {
                if (file != last) (before, last) = (before + current, file);
                current = bytes;
                progress.Report((before + bytes) >> 10);
            },
        };
        return await ModelStore.FetchAsync(new Downloader(client, Terminal.Time, Downloads), Model, source, request, cancellation);
    }

    void Convert(string source, string ready, CancellationToken cancellation)
    {
        var folder = new ReadyFolder(ready, source);
        if (To is not null) Make(ready);
        else if (!folder.IsCurrent(cancellation)) folder.Replace(Make);

        void Make(string target)
        {
            string checkpoint = Model.Kind == CatalogueEntry.TextEncoder ? source : Path.Combine(source, Model.Files[0].Name);
            var report = CheckpointConversion.Run(new ConversionRequest
            {
                Checkpoint = checkpoint,
                Target = target,
                Map = Model.Map,
                Heads = Model.Heads,
                Origin = $"Source: {Model.Source}\n\nLicence of the weights: {Model.Licence}",
            }, cancellation);
            foreach (string line in (report with { Target = ready }).Lines()) Terminal.Message(line);
            if (report.Kind == Model.Kind) return;
            DurableFile.DeleteFolder(target);
            throw new CorruptFileException(checkpoint, $"is of kind '{report.Kind}', the catalogue says '{Model.Kind}'");
        }
    }

    void Record(string ready) => ModelStore.Record(Store, new InstalledModel(Model.Name, Model.Kind, Model.Licence, Model.Source,
        Model.NeedsConsent, Model.Unverified, Path.GetFullPath(ready),
        !Raw && Model.Kind == CatalogueEntry.RetrievalModel ? ModelFolder.Fingerprint(ready) : null));
}
