namespace NativeRetrieval.CudaEmulator.Tests.Traffic;

/// <summary>
/// Passes over a limit of <see cref="TrafficLimit"/> with the ratio that they have today. It may not grow, and a line that is within the
/// limit must go: the list only becomes shorter.
/// </summary>
internal static class KnownExcess
{
    static readonly (string Pass, string Limit, double Ratio)[] _known =
    [
        // The image is the spectrogram turned: reads are columns. Once a clip, 0.5 MB.
        ("MelPatchesOfWholeClipsCase 1x1001x64x256x4 f32 forward", "sectors", 1.767),
        ("MelPatchesOfWholeClipsCase 1x1001x64x256x4 f32 backward", "sectors", 3.41),
        // Heads of 24 values: rows of 24 floats meet in every fourth bank.
        ("WindowAttentionCase 1x16x16x4x24x8x0 f32 backward", "ways", 2.5),
        ("WindowAttentionCase 1x8x8x32x24x8x0 f32 backward", "ways", 2.5),
    ];

    public static IEnumerable<string> Passes => _known.Select(known => known.Pass);

    public static double? Of(string pass, string limit) =>
        _known.Where(known => (known.Pass, known.Limit) == (pass, limit)).Select(known => (double?)known.Ratio).FirstOrDefault();
}
