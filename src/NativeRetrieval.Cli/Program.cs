using NativeRetrieval.Cli;
using NativeRetrieval.Server.Uploads;

CarriedSqlite.Use();
// A service starts this program once more for every sound that it is sent; that process only decodes it.
if (args is [UploadProcess.Command, .. var upload]) return UploadProcess.Run(upload);
return await Application.RunProcessAsync(args, Application.Root);
