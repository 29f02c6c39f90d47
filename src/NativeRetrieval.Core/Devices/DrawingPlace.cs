namespace NativeRetrieval.Core.Devices;

/// <summary>The place in a job from which work draws its random numbers: recorded work is run again from another one.</summary>
/// <param name="FirstStream">Number of the first Philox stream; all others of the work lie at fixed distances behind it.</param>
/// <param name="FirstToken">Tokens before the work's own: streams with numbers for each token begin behind theirs.</param>
public readonly record struct DrawingPlace(long FirstStream, long FirstToken = 0)
{
    /// <summary>The distance between two places.</summary>
    public static DrawingPlace operator -(DrawingPlace to, DrawingPlace from) =>
        new(to.FirstStream - from.FirstStream, to.FirstToken - from.FirstToken);
}
