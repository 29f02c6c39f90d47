using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Training.Data;

/// <summary>
/// What a run draws random numbers for. Every use has streams of its own, so that none shifts another's numbers. Use 0 belongs to the layers
/// (dropout, SpecAugment): <see cref="Nn.TrainingPass"/> numbers their streams.
/// </summary>
public enum RandomUse : byte
{
    ItemOrder = 1,
    CaptionChoice = 2,
    CircularShift = 4,
    Gain = 5,
    Initialization = 6,
    HoldOut = 7,
    Crop = 8,
    Mixture = 9,
}

/// <summary>All randomness of a run: numbers are a function of (seed, use, position) and of nothing drawn before. A run's random state is therefore its position.</summary>
public readonly record struct RunRandom(ulong Seed)
{
    /// <param name="position">Below 2⁵⁶: an epoch, a step or an item, as the use demands.</param>
    public Philox Stream(RandomUse use, long position) => new(Seed, (ulong)use << 56 | (ulong)position & 0x00FF_FFFF_FFFF_FFFF);
}
