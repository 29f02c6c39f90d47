using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Training.Data;

/// <summary>
/// The uses of random numbers in a run. Every use has streams of its own, so that none shifts another's numbers. Use 0 belongs to the
/// layers (dropout, SpecAugment): <see cref="Nn.TrainingPass"/> numbers their streams.
/// </summary>
public enum RandomUse : byte
{
    /// <summary>The order of an epoch's items.</summary>
    ItemOrder = 1,

    /// <summary>The caption of each clip.</summary>
    CaptionChoice = 2,

    /// <summary>The shift of each clip along time.</summary>
    CircularShift = 4,

    /// <summary>The gain of each clip.</summary>
    Gain = 5,

    /// <summary>The weights of what is trained from scratch.</summary>
    Initialization = 6,

    /// <summary>The clips that are drawn for validation.</summary>
    HoldOut = 7,

    /// <summary>The part of a long clip that is heard.</summary>
    Crop = 8,

    /// <summary>The clips that are mixed, and their levels.</summary>
    Mixture = 9,

    /// <summary>The items of a balanced epoch.</summary>
    Balance = 10,

    /// <summary>The tempo of each clip and its place on the mel axis.</summary>
    Warp = 11,

    /// <summary>The filter of each clip.</summary>
    Filter = 12,
}

/// <summary>
/// All randomness of a run: numbers are a function of (seed, use, position) and of nothing drawn before. A
/// run's random state is therefore its position.
/// </summary>
public readonly record struct RunRandom(ulong Seed)
{
    /// <summary>The numbers for a use at a position.</summary>
    /// <param name="position">Below 2⁵⁶: an epoch, a step or an item, as the use demands.</param>
    public Philox Stream(RandomUse use, long position) => new(Seed, (ulong)use << 56 | (ulong)position & 0x00FF_FFFF_FFFF_FFFF);
}
