using NativeRetrieval.Core.Devices;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Server;
using NativeRetrieval.Server.Uploads;

// The service starts this program once more for every sound that it is sent; that process only decodes it.
if (args is [UploadProcess.Command, .. var upload]) return UploadProcess.Run(upload);
if (args is not [var modelFolder, var sounds, var indexFolder, var sentence])
{
    Console.Error.WriteLine("usage: PackagedHost MODEL SOUNDS INDEX SENTENCE");
    return 2;
}

using var device = OpenDevice();
using (var engine = RetrievalEngine.Open(modelFolder, device))
{
    using var index = LocalAudioIndex.EnsureCollectionExists(indexFolder, engine.IndexSettings());
    await new AudioIndexer(engine, index).RunAsync([sounds]);
    foreach (var hit in await engine.SearchAsync(index, sentence))
        Console.WriteLine($"{hit.Score:F3} {hit.Path} {hit.StartSeconds:F1}-{hit.EndSeconds:F1} s");
}

// The same over HTTP, asked by a client on a port that is free.
var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.UseUrls("http://127.0.0.1:0");
builder.Services.AddNativeRetrieval(new ServerOptions
{
    Indexes = [indexFolder],
    Model = modelFolder,
    UploadProgram = [Environment.ProcessPath!],
});
await using var app = builder.Build();
app.MapNativeRetrieval("/v1");
app.MapNativeRetrievalOperations();
await app.StartAsync();
using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
Console.WriteLine(await client.GetStringAsync("/v1/search?top=1&q=" + Uri.EscapeDataString(sentence)));
await app.StopAsync();
return 0;

static Device OpenDevice()
{
    try
    {
        return CudaDevice.Open();
    }
    catch (CudaUnavailableException)
    {
        return CpuDevice.Shared;
    }
}
