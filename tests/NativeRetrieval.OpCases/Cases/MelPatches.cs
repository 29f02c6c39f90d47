using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Sizes are N x T x F x side x patch; one frame, fewer than taps, a prime number, all.</summary>
abstract class MelPatchesCase(bool ownLengths) : OpCase
{
    public override string Op => nameof(Core.Ops.Op.MelPatches);

    public override IEnumerable<string> Sizes =>
        [
            "0x3x2x4x2", "1x1x1x1x1", "2x1x4x8x4", "2x3x4x8x2", "1x13x2x6x3", "3x31x8x16x4", "2x32x8x16x4", "1x61x16x32x4", "1x50x40x80x5",
        ];

    public override bool HasBFloat16 => true;

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        int[] d = Parse(size);
        // A spectrogram in float32; what is stored in bfloat16 is the result.
        return [Normal(random, d[0], 1, d[1], d[2]) with { Parameter = true }];
    }

    public override IEnumerable<string> ModelSizes => ownLengths ? [] : ["1x1001x64x256x4"];

    public override Cost Cost(string size, int element)
    {
        int[] d = Parse(size);
        long bytes = Count(size, 3) * sizeof(float) + (long)d[0] * d[3] * d[3] * element;
        return new(bytes, bytes);
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device) => Run(size, inputs, device, inputs[0].DType);

    public override Tensor Run(string size, Tensor[] inputs, Device device, DType stored)
    {
        int[] d = Parse(size);
        return Core.Ops.Op.MelPatches(inputs[0], d[3], d[4], ownLengths ? Lengths(d[0], d[1], device) : null, stored);
    }

    public override double[] Reference(string size, double[][] inputs)
    {
        if (Parse(size) is not [int n, int most, int bins, int side, int patch]) throw new FormatException(size);
        int frames = side * side / bins, perSide = side / patch;
        var y = new double[n * side * side];
        for (int at = 0; at < y.Length; at++)
        {
            int clip = at / (side * side), token = at / (patch * patch) % (perSide * perSide), within = at % (patch * patch);
            int row = token / perSide * patch + within / patch, column = token % perSide * patch + within % patch;
            int frame = row / bins * side + column, bin = row % bins, own = Own(clip, most);
            double place = frames == 1 ? 0 : (double)frame * (own - 1) / (frames - 1);
            for (int near = (int)Math.Floor(place) - 1; near <= (int)Math.Floor(place) + 2; near++)
                y[at] += Cubic(Math.Abs(place - near)) * inputs[0][(clip * most + Math.Clamp(near, 0, own - 1)) * bins + bin];
        }
        return y;
    }

    Tensor Lengths(int clips, int most, Device device) =>
        Tensor.From([.. Enumerable.Range(0, clips).Select(clip => Own(clip, most))], [clips], device);

    int Own(int clip, int most) => ownLengths ? Math.Max(1, most - 2 * clip - 1) : most;

    /// <summary>Keys' kernel in powers, a = −0.75.</summary>
    static double Cubic(double d) =>
        d <= 1 ? 1.25 * Math.Pow(d, 3) - 2.25 * Math.Pow(d, 2) + 1
        : d < 2 ? -0.75 * Math.Pow(d, 3) + 3.75 * Math.Pow(d, 2) - 6 * d + 3
        : 0;
}

sealed class MelPatchesOfWholeClipsCase() : MelPatchesCase(ownLengths: false);

sealed class MelPatchesOfOwnLengthsCase() : MelPatchesCase(ownLengths: true);
