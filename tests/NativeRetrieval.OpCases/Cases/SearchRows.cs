using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>
/// Sizes are rows x width x queries x k. The elements are small whole numbers: scores are exact in any order of summation, and most
/// places are decided by the row.
/// </summary>
abstract class SearchRowsCase(DType stored, bool excludes, bool rounds = false) : OpCase
{
    /// <summary>Stands for −∞, which no relative error can be taken of.</summary>
    const double Nothing = -1000;

    public override string Op => nameof(Core.Ops.Op.SearchRows);

    public override IEnumerable<string> Sizes =>
    [
        "0x3x2x2", "5x1x0x3", "1x1x1x1", "7x3x2x9", "33x16x3x33", "203x40x1x10", "130x300x9x5", "70x1100x2x4",
        "97x24x40x20", "2060x1028x2x2060", .. rounds ? (string[])["601x40x1x2", "1400x33x3x20", "1000x16x9x3"] : [],
    ];

    public override bool HasGradient => false;

    public override bool HasFloat64 => false;

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        var (rows, width, queries, _) = Dimensions(size);
        return [Whole(Uniform(random, -3, 3, rows, width)), Whole(Uniform(random, -3, 3, queries, width))];

        static Input Whole(Input input) => input with { Values = [.. input.Values.Select(value => Math.Round(value))] };
    }

    public override IEnumerable<string> ModelSizes => excludes ? [] : rounds ? ["8192x1024x1x10"] : ["512x1024x4x10"];

    public override Cost Cost(string size, int element)
    {
        var (rows, width, queries, k) = Dimensions(size);
        long bytes = stored == DType.Float32 && !rounds ? sizeof(float) : 2;
        long asked = (long)queries * (width + 2 * k) * sizeof(float);
        return new(rows * width * bytes + asked, null, 2.0 * rows * width * queries);
    }

    /// <summary>The scores of all queries, then their rows.</summary>
    public override Tensor Run(string size, Tensor[] inputs, Device device)
    {
        var (rows, _, _, k) = Dimensions(size);
        var searched = stored == DType.Float32 ? inputs[0] : Rounded(inputs[0], device);
        var excluded = excludes ? Tensor.From(Words(rows), [Words(rows).Length], device) : null;
        var rounded = rounds ? Rounded(inputs[0], device) : null;
        var (scores, found) = Core.Ops.Op.SearchRows(searched, inputs[1], k, excluded, rounded);
        float[] numbers =
        [
            .. scores.ToArray<float>().Select(score => float.IsNegativeInfinity(score) ? (float)Nothing : score),
            .. found.ToArray<int>().Select(row => (float)row),
        ];
        return Tensor.From(numbers, [numbers.Length], device);
    }

    public override double[] Reference(string size, double[][] inputs)
    {
        var (rows, width, queries, k) = Dimensions(size);
        var best = Enumerable.Range(0, queries).SelectMany(query => Enumerable.Range(0, rows).Where(row => !excludes || !IsExcluded(row))
            .Select(row =>
                (Score: Enumerable.Range(0, width).Sum(d => inputs[0][row * width + d] * inputs[1][query * width + d]), Row: row))
            .OrderByDescending(pair => pair.Score).ThenBy(pair => pair.Row)
            .Concat(Enumerable.Repeat((Score: Nothing, Row: -1), k)).Take(k)).ToList();
        return [.. best.Select(pair => pair.Score), .. best.Select(pair => (double)pair.Row)];
    }

    /// <summary>On the CPU without arrays: what a pass allocates is what the operation allocates.</summary>
    static Tensor Rounded(Tensor x, Device device) => device is CpuDevice ? Core.Ops.Op.Cast(x, DType.BFloat16)
        : Tensor.From(Array.ConvertAll(x.ToArray<float>(), value => (BFloat16)value), x.Shape, device);

    /// <summary>Every third row but the last ones, whose words are missing.</summary>
    static bool IsExcluded(int row) => row < 100 && row % 3 == 1;

    static long[] Words(int rows)
    {
        var words = new long[Math.Min(2, (rows + 63) / 64)];
        for (int row = 0; row < rows; row++)
            if (IsExcluded(row)) words[row / 64] |= 1L << row % 64;
        return words;
    }

    static (int Rows, int Width, int Queries, int K) Dimensions(string size) =>
        Parse(size) is [int n, int d, int q, int k] ? (n, d, q, k) : throw new FormatException(size);
}

sealed class SearchRowsFloat32Case() : SearchRowsCase(DType.Float32, excludes: false);

sealed class SearchRowsBFloat16Case() : SearchRowsCase(DType.BFloat16, excludes: false);

sealed class SearchRowsExcludedFloat32Case() : SearchRowsCase(DType.Float32, excludes: true);

sealed class SearchRowsExcludedBFloat16Case() : SearchRowsCase(DType.BFloat16, excludes: true);

/// <summary>
/// Rows with a rounded copy: many that score alike, so that some sizes are proven by bounds and others are scored in full.
/// </summary>
sealed class SearchRowsRoundedCase() : SearchRowsCase(DType.Float32, excludes: false, rounds: true);

sealed class SearchRowsExcludedRoundedCase() : SearchRowsCase(DType.Float32, excludes: true, rounds: true);
