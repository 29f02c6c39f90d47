using NativeRetrieval.Cli;

return await Application.RunProcessAsync(args, Application.Root);
