using System.CommandLine;
using NativeRetrieval.Cli.Output;

namespace NativeRetrieval.Cli.Commands.ModelFolders;

/// <summary><c>models list | fetch | verify</c>: published models by name.</summary>
public static class ModelsCommand
{
    /// <summary>Makes the command <c>models</c>.</summary>
    public static Command Create(Terminal terminal)
    {
        var command = new DocumentedCommand("models", "List published models, fetch one ready to search or train with, or verify what was "
            + "fetched.")
        {
            Examples =
            [
                ("nativeretrieval models list", "What can be fetched"),
                ("nativeretrieval models fetch clap", "A model that searches at once"),
                ("nativeretrieval models fetch panns-cnn14", "The audio encoder of the report"),
            ],
        };
        command.Add(ModelsListSubcommand.Create(terminal));
        command.Add(ModelsFetchSubcommand.Create(terminal));
        command.Add(ModelsVerifySubcommand.Create(terminal));
        return command;
    }
}
