namespace NativeRetrieval.Cli.Commands.Indexes;

/// <summary>Cutting of recordings into windows: <c>--window</c> and <c>--hop</c>.</summary>
internal sealed class WindowOptions
{
    public DurationOption Window { get; } = new("--window")
    {
        Description = "Length of the windows that recordings are cut into, in seconds or such as 500ms; "
            + "default: what the model was trained on.",
    };

    public DurationOption Hop { get; } = new("--hop")
    {
        Description = "From one window to the next; default: half a window.",
    };
}
