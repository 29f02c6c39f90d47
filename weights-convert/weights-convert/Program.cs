using NativeRetrieval.Cli;
using NativeRetrieval.Cli.Commands.ModelFolders;

// The command `convert` of nativeretrieval as a program of its own.
return await Application.RunProcessAsync(args, terminal => ConvertCommand.Create(terminal, name: "weights-convert", before: ""));
