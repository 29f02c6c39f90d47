using System.CommandLine;

namespace NativeRetrieval.Cli.Commands;

/// <summary>Cutting of recordings into windows: <c>--window</c> and <c>--hop</c>.</summary>
internal sealed class WindowOptions
{
    public Option<double?> Window { get; } = new("--window")
    {
        Description = "Length of the windows that recordings are cut into; default: what the model was trained on.",
        HelpName = "SECONDS",
    };

    public Option<double?> Hop { get; } = new("--hop")
    {
        Description = "From one window to the next; default: half a window.",
        HelpName = "SECONDS",
    };
}
