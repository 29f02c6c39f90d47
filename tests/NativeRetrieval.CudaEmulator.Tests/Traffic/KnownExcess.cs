namespace NativeRetrieval.CudaEmulator.Tests.Traffic;

/// <summary>
/// Passes over a limit of <see cref="TrafficLimit"/> with the ratio that they have today. It may not grow, and a line that is within the
/// limit must go: the list only becomes shorter.
/// </summary>
internal static class KnownExcess
{
    static readonly (string Pass, string Limit, double Ratio)[] _known =
    [
        // Scores of a head go through memory between the passes, and keys read rows of other lanes.
        ("AttentionWithDropoutCase 4x32x12x64 f32 backward", "moved", 1.275),
        ("AttentionWithDropoutCase 4x32x12x64 f32 backward", "sectors", 1.254),
        ("AttentionWithDropoutCase 2x64x12x64 f32 forward", "moved", 1.244),
        ("AttentionWithDropoutCase 2x64x12x64 f32 backward", "moved", 1.711),
        ("AttentionWithDropoutCase 2x64x12x64 f32 backward", "sectors", 1.338),
        ("AttentionWithoutDropoutCase 4x32x12x64 f32 backward", "moved", 1.275),
        ("AttentionWithoutDropoutCase 4x32x12x64 f32 backward", "sectors", 1.254),
        ("AttentionWithoutDropoutCase 2x64x12x64 f32 forward", "moved", 1.244),
        ("AttentionWithoutDropoutCase 2x64x12x64 f32 backward", "moved", 1.711),
        ("AttentionWithoutDropoutCase 2x64x12x64 f32 backward", "sectors", 1.338),
        // A thread reads eight float32 as two vectors: each request takes half of its sectors, the first-level cache has the rest.
        ("CastCase 64x768 f32 forward", "sectors", 1.667),
        ("CastCase 64x768 f32 backward", "sectors", 1.667),
        // Frames of a clip are a thread's loop; a warp's channels lie two bins apart.
        ("ClipPoolingCase 4x2048x31x2 f32 forward", "sectors", 1.75),
        ("ClipPoolingCase 4x2048x31x2 f32 backward", "sectors", 1.299),
        // Four neighbours of a thread, one after another.
        ("DropoutFeatureMapCase 2x64x25x32 f32 forward", "sectors", 4.082),
        ("DropoutFeatureMapCase 2x64x25x32 f32 backward", "sectors", 4.082),
        ("DropoutRowMajorCase 64x768 f32 forward", "sectors", 4.08),
        ("DropoutRowMajorCase 64x768 f32 backward", "sectors", 4.08),
        // Sums of 26 blocks with a tile each; 512 blocks have eight at 32 x 10 s. A row of a tile with its border is 66 columns.
        ("Conv2dBatchNormTrainingCase 2x64x100x64x3 f32 backward", "moved", 1.123),
        ("Conv2dBatchNormTrainingCase 2x64x100x64x3 f32 backward", "ways", 2.02),
        ("Conv2dBatchNormTrainingCase 2x64x100x64x3 bf16 backward", "moved", 1.278),
        ("Conv2dBatchNormTrainingCase 2x64x100x64x3 bf16 backward", "ways", 2.02),
        // The gradient's zeros are read and written again.
        ("EmbeddingCase 8x32x997x768 f32 backward", "moved", 1.498),
        // y is read beside x, which would do; 32 rows a step.
        ("L2NormalizeCase 64x1024 f32 backward", "moved", 1.328),
        // The parameters' gradient reads x and dy again.
        ("LayerNormCase 128x768 f32 backward", "moved", 1.673),
        // Lanes read a window's pixels one by one; no model takes the maximum in windows.
        ("MaxPool2dBlockedCase 2x64x40x64x2x2 f32 forward", "sectors", 1.371),
        ("MaxPool2dBlockedCase 2x1024x6x4x2x2 f32 forward", "sectors", 1.374),
        // The image is the spectrogram turned: reads are columns. Once a clip, 0.5 MB.
        ("MelPatchesOfWholeClipsCase 1x1001x64x256x4 f32 forward", "sectors", 1.767),
        ("MelPatchesOfWholeClipsCase 1x1001x64x256x4 f32 backward", "sectors", 3.41),
        // Two additions; once for each averaged parameter and step, and only where weights are averaged.
        ("MoveTowardsCase 200000 f32 forward", "moved", 1.998),
        // Embeddings are normalised and finished in passes of their own, cosines are taken twice.
        ("NtXentPaperCase 128x1024 f32 forward", "moved", 2.629),
        // A thread's keys lie side by side; a few thousand a query.
        ("SearchRowsBFloat16Case 512x1024x4x10 f32 forward", "ways", 4),
        ("SearchRowsFloat32Case 512x1024x4x10 f32 forward", "ways", 4),
        ("TopKCase 8x20000x10 f32 forward", "ways", 4),
        // Heads of 24 values: rows of 24 floats meet in every fourth bank.
        ("WindowAttentionCase 1x16x16x4x24x8x0 f32 backward", "ways", 2.5),
        ("WindowAttentionCase 1x8x8x32x24x8x0 f32 backward", "ways", 2.5),
    ];

    public static IEnumerable<string> Passes => _known.Select(known => known.Pass);

    public static double? Of(string pass, string limit) =>
        _known.Where(known => (known.Pass, known.Limit) == (pass, limit)).Select(known => (double?)known.Ratio).FirstOrDefault();
}
