using System.Globalization;

namespace NativeRetrieval.Hosting.Generators;

/// <summary>
/// Sizes of the generators' queue, passes and inputs. It can be set, so that configuration can be bound to it; a generator keeps the values
/// that it was made with.
/// </summary>
public sealed record EmbeddingLimits
{
    /// <summary>
    /// Calls that wait for the model in each generator's queue; further callers wait for a place in it. Default 256; 1 to 65,536.
    /// </summary>
    public int Waiting { get; set; } = 256;

    /// <summary>Sentences that one forward pass embeds. Default 32; 1 to 1,024.</summary>
    public int TextsInPass { get; set; } = 32;

    /// <summary>
    /// Windows of sounds that one pass embeds, and sounds that are open at a time, each with up to four windows in memory. Default 8;
    /// 1 to 256.
    /// </summary>
    public int WindowsInPass { get; set; } = 8;

    /// <summary>Seconds that a sound may have; a longer one is refused. Default 600; above 0, to 86,400.</summary>
    public double SoundSeconds { get; set; } = 600;

    /// <summary>Sentences about values outside their ranges.</summary>
    internal IEnumerable<string> Problems()
    {
        foreach (var (name, value, most) in ((string, int, int)[])[(nameof(Waiting), Waiting, 65_536),
            (nameof(TextsInPass), TextsInPass, 1024), (nameof(WindowsInPass), WindowsInPass, 256)])
            if (value < 1 || value > most)
                yield return string.Create(CultureInfo.InvariantCulture, $"limits: {name} is {value:N0}; expected 1 to {most:N0}");
        if (SoundSeconds is not (> 0 and <= 86_400))
            yield return string.Create(CultureInfo.InvariantCulture,
                $"limits: {nameof(SoundSeconds)} is {SoundSeconds}; expected above 0, to 86,400");
    }
}
