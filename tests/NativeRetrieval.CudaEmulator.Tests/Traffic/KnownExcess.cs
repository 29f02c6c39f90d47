namespace NativeRetrieval.CudaEmulator.Tests.Traffic;

/// <summary>
/// Passes over a limit of <see cref="TrafficLimit"/> with the ratio that they have today. It may not grow, and a line that is within the
/// limit must go: the list only becomes shorter.
/// </summary>
internal static class KnownExcess
{
    static readonly (string Pass, string Limit, double Ratio)[] _known =
    [
        // Parameters of eight channels are two vectors of a thread: half of each sector, the first-level cache has the rest. Here threads
        // have a few pixels, in a model's batch dozens.
        ("BatchNormMelRunningCase 2x1x1001x64 bf16 forward", "sectors", 1.331),
        ("BatchNormMelTrainingCase 2x1x1001x64 bf16 forward", "sectors", 1.251),
        ("BatchNormPool2dOwnLengthCase 2x128x25x32x1 bf16 forward", "sectors", 1.306),
        ("BatchNormPool2dOwnLengthCase 2x128x25x32x1 bf16 backward", "sectors", 1.302),
        ("BatchNormPool2dOwnLengthCase 4x512x62x8x2 bf16 backward", "sectors", 1.267),
        ("BatchNormPool2dTrainingCase 2x128x25x32x1 bf16 forward", "sectors", 1.309),
        ("BatchNormPool2dTrainingCase 2x128x25x32x1 bf16 backward", "sectors", 1.3),
        ("BatchNormPool2dTrainingCase 4x512x62x8x2 bf16 backward", "sectors", 1.263),
        // A thread reads eight parameters in float32 beside its eight bfloat16 as two vectors: as CastCase below.
        ("AddLayerNormWithDropoutCase 128x768 bf16 forward", "sectors", 1.497),
        ("AddLayerNormWithDropoutCase 128x768 bf16 backward", "sectors", 1.481),
        ("AddLayerNormWithoutDropoutCase 128x768 bf16 forward", "sectors", 1.497),
        ("AddLayerNormWithoutDropoutCase 128x768 bf16 backward", "sectors", 1.546),
        ("FirstTokenCase 8x32x768 bf16 forward", "sectors", 1.667),
        ("LayerNormCase 128x768 bf16 forward", "sectors", 1.662),
        ("LayerNormCase 128x768 bf16 backward", "sectors", 1.546),
        ("MeanOverTokensCase 8x32x768 bf16 backward", "sectors", 1.626),
        // A thread reads eight float32 as two vectors: each request takes half of its sectors, the first-level cache has the rest.
        ("CastCase 64x768 f32 forward", "sectors", 1.667),
        ("CastCase 64x768 f32 backward", "sectors", 1.667),
        // Frames of a clip are a thread's loop; a warp's channels lie two bins apart.
        ("ClipPoolingCase 4x2048x31x2 f32 forward", "sectors", 1.75),
        ("ClipPoolingCase 4x2048x31x2 f32 backward", "sectors", 1.299),
        ("ClipPoolingCase 4x2048x31x2 bf16 forward", "sectors", 1.733),
        // Sums of 26 blocks with a tile each; 512 blocks have eight at 32 x 10 s. A row of a tile with its border is 66 columns.
        ("Conv2dBatchNormTrainingCase 2x64x100x64x3 f32 backward", "moved", 1.123),
        ("Conv2dBatchNormTrainingCase 2x64x100x64x3 f32 backward", "ways", 2.02),
        ("Conv2dBatchNormTrainingCase 2x64x100x64x3 bf16 backward", "moved", 1.278),
        ("Conv2dBatchNormTrainingCase 2x64x100x64x3 bf16 backward", "ways", 2.02),
        // y is read beside x, which would do; 32 rows a step.
        ("L2NormalizeCase 64x1024 f32 backward", "moved", 1.328),
        // Two additions; once for each averaged parameter and step, and only where weights are averaged.
        ("MoveTowardsCase 200000 f32 forward", "moved", 1.998),
        // In float32 proper the library convolves, between two maps that are stored; TF32 and bfloat16 have one kernel.
        ("PackedConvBlockPlainCase 1x64x64x40x64x3 f32 forward", "moved", 2.862),
        // Vectors are read for the scores and again for the gradients; the scores of all pairs stay in the cache.
        ("NtXentPaperCase 128x1024 f32 forward", "moved", 1.64),
        // A thread's keys lie side by side; a few thousand a query.
        ("SearchRowsBFloat16Case 512x1024x4x10 f32 forward", "ways", 4),
        ("SearchRowsFloat32Case 512x1024x4x10 f32 forward", "ways", 4),
        ("SearchRowsRoundedCase 8192x1024x1x10 f32 forward", "ways", 4),
        ("TopKCase 8x20000x10 f32 forward", "ways", 4),
    ];

    public static IEnumerable<string> Passes => _known.Select(known => known.Pass);

    public static double? Of(string pass, string limit) =>
        _known.Where(known => (known.Pass, known.Limit) == (pass, limit)).Select(known => (double?)known.Ratio).FirstOrDefault();
}
