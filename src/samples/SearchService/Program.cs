using Microsoft.AspNetCore.Builder;
using NativeRetrieval.Server;
using NativeRetrieval.Server.Uploads;

// <decode>
// The service starts this program once more for every sound that it is sent; that process only decodes it.
if (args is [UploadProcess.Command, .. var upload]) return UploadProcess.Run(upload);
// </decode>

// <host>
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddNativeRetrieval(ServerOptions.From(builder.Configuration.GetSection("NativeRetrieval")) with
{
    UploadProgram = [Environment.ProcessPath!],
});
var app = builder.Build();
app.MapNativeRetrieval("/v1");
app.MapNativeRetrievalOperations();
// </host>
app.Run();
return 0;
