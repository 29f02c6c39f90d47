using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NativeRetrieval.Server.Contract;
using NativeRetrieval.Server.Library;

namespace NativeRetrieval.Server.Endpoints;

/// <summary>The contents of the indexes.</summary>
internal sealed class FileEndpoints(ServerOptions options, ServedLibrary library)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.Get("/indexes", IndexesAsync, new("The indexes, and what filters can take") { Gives = typeof(IndexesResponse) });
        routes.Get("/files/{id}", FileAsync, new("An indexed file with its details and windows") { Gives = typeof(FileResponse) });
    }

    Task IndexesAsync(HttpContext context)
    {
        _ = new QueryReader(context.Request);
        var indexes = library.Indexes.Select(index => index.Use(opened => Of(index, opened))).ToList();
        return Body.WriteJsonAsync(context, new IndexesResponse(indexes, CanUpdate: options.SoundFolders.Count > 0,
            QueryBankSentences: library.Bank?.Count ?? 0), ContractJson.Default.IndexesResponse);
    }

    IndexResponse Of(ServedIndex index, OpenedIndex opened)
    {
        var stats = opened.Index.Stats();
        var contents = opened.Contents();
        return new IndexResponse
        {
            Name = index.Name,
            Files = stats.Files,
            Windows = stats.Windows,
            Seconds = contents.Seconds,
            Model = library.ModelName,
            Categories = [.. contents.Categories.Select(pair => new CategoryResponse(pair.Key, pair.Value))],
            Tags = contents.Tags,
            Folders = contents.Folders,
        };
    }

    async Task FileAsync(HttpContext context)
    {
        _ = new QueryReader(context.Request);
        var file = await library.FileAsync((string)context.Request.RouteValues["id"]!, context.RequestAborted);
        await Body.WriteJsonAsync(context, new FileResponse
        {
            Id = file.Id,
            Index = file.Index.Name,
            Name = Path.GetFileName(file.FullPath),
            Folder = Path.GetDirectoryName(file.FullPath) ?? "",
            Path = file.FullPath,
            SizeBytes = file.Entry.File.SizeBytes,
            Modified = file.Entry.File.ModifiedUtc,
            DurationSeconds = file.Details.DurationSeconds,
            SampleRateHz = file.Details.SampleRateHz,
            Channels = file.Details.Channels,
            Title = file.Details.Title,
            Category = file.Details.Category,
            Tags = file.Details.Tags,
            Description = file.Details.Description,
            Added = file.Details.AddedUtc,
            Windows = [.. file.Entry.Windows.Select(window => new WindowResponse(window.StartSeconds, window.EndSeconds))],
        }, ContractJson.Default.FileResponse);
    }
}
