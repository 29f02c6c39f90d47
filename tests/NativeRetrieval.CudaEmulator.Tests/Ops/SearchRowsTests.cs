using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;
using NativeRetrieval.CudaEmulator.Tests.Traffic;

namespace NativeRetrieval.CudaEmulator.Tests.Ops;

/// <summary>
/// Rows that are searched in parts are found as those that are searched at once, and bounds from rounded rows change no bit.
/// </summary>
[Collection("device")]
public sealed class SearchRowsTests
{
    const int Count = 300, Width = 24, K = 11;

    static readonly int[] _queries = [1, 3, 12, 40];

    public static TheoryData<string, DType, int> Searches =>
        [.. DeviceOrder.All.SelectMany(order => ((DType[])[DType.Float32, DType.BFloat16])
            .SelectMany(element => _queries.Select(queries => (order, element, queries))))];

    [Theory, MemberData(nameof(Searches))]
    public void Parts_are_merged(string order, DType element, int queries)
    {
        using var test = new TestDevice(order);
        // 70 rows at a time.
        using var device = CudaDevice.Open(0, test.Device.Options with { ScoreBytes = 4 * 70 * Math.Max(queries, Width) });
        var random = new PhiloxSequence(new Philox(12));
        float[] rows = Normal(Count * Width), asked = Normal(queries * Width);
        long[] excluded = [0x0F0F, 0, -1, 1];
        var (expectedScores, expectedRows) = Search(CpuDevice.Shared);
        var (scores, found) = test.Run(_ => Search(device));
        Assert.Equal(expectedRows, found);
        for (int i = 0; i < scores.Length; i++) Assert.Equal(expectedScores[i], scores[i], 1e-4);

        float[] Normal(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(BFloat16)(float)random.NextNormal())];

        (float[] Scores, int[] Rows) Search(Device on)
        {
            using var scope = TensorScope.Begin();
            var searched = element == DType.Float32 ? Tensor.From(rows, [Count, Width], on)
                : Tensor.From(Array.ConvertAll(rows, value => (BFloat16)value), [Count, Width], on);
            var (scores, found) = Op.SearchRows(searched, Tensor.From(asked, [queries, Width], on), K,
                Tensor.From(excluded, [excluded.Length], on));
            return (scores.ToArray<float>(), found.ToArray<int>());
        }
    }
    const int Many = 1500, Wide = 70, Best = 3;

    /// <summary>
    /// Rows, whether the bounds suffice, and values beside normal ones: what decides is smaller than rounding, or is not.
    /// </summary>
    public static TheoryData<string, string, bool> Rounded =>
        [.. DeviceOrder.All.SelectMany(order => _kinds.Select(kind => (order, kind.Name, kind.Suffices)))];

    static readonly (string Name, bool Suffices)[] _kinds =
    [
        ("normal", true), ("near ties", true), ("too many near ties", false), ("duplicates", true), ("too many duplicates", false),
        ("excluded", true), ("parts", true), ("zero", false), ("tiny", true), ("huge", true), ("infinite", false), ("no number", true),
    ];

    /// <summary>
    /// Scores and rows are those of a search without bounds, bit for bit; only where bounds decide nothing are all rows scored.
    /// </summary>
    [Theory, MemberData(nameof(Rounded))]
    public void Bounds_from_rounded_rows_change_no_bit(string order, string kind, bool suffices)
    {
        using var test = new TestDevice(order);
        using var device = CudaDevice.Open(0, test.Device.Options with { ScoreBytes = kind == "parts" ? 4 * 400 : 1 << 20 });
        var random = new PhiloxSequence(new Philox(14));
        float[] rows = [.. Enumerable.Range(0, Many * Wide).Select(_ => (float)random.NextNormal())];
        int[] alike = kind switch
        {
            "near ties" or "duplicates" => [.. Enumerable.Range(0, 100).Select(i => 7 + 14 * i)],
            "too many near ties" or "too many duplicates" => [.. Enumerable.Range(0, 700).Select(i => 2 * i)],
            _ => [],
        };
        foreach (int row in alike)
            for (int d = 0; d < Wide; d++)
                rows[row * Wide + d] = 3 * MathF.Sin(d)
                    + (kind.EndsWith("ties", StringComparison.Ordinal) ? row % 29 * 1e-5f * (d % 3) : 0);
        foreach (int queries in (int[])[1, 5])
        {
            float[] asked = [.. Enumerable.Range(0, queries * Wide).Select(i => (i < Wide ? 1 : 0.1f * (float)random.NextNormal())
                * (alike.Length > 0 ? MathF.Sin(i % Wide) : (float)random.NextNormal()))];
            float[] searched = kind switch
            {
                "zero" => new float[rows.Length],
                "tiny" => [.. rows.Select((value, i) => value * 1e-20f)],
                "huge" => [.. rows.Select((value, i) => i == 5 * Wide ? 3.4e38f : value)],
                "infinite" => [.. rows.Select((value, i) => i % Wide == 3 ? float.PositiveInfinity : value)],
                "no number" => [.. rows.Select((value, i) => i == 9 * Wide + 1 ? float.NaN : value)],
                _ => rows,
            };
            // A query of one sign, so that infinite scores are no differences.
            if (kind == "infinite") asked = [.. asked.Select(MathF.Abs)];
            var expected = test.Run(_ => Search(bounds: false, out string[] _));
            string[] launched = [];
            var (scores, found) = test.Run(_ => Search(bounds: true, out launched));
            Assert.Equal(expected.Found, found);
            Assert.Equal(expected.Scores.Select(BitConverter.SingleToInt32Bits), scores.Select(BitConverter.SingleToInt32Bits));
            if (!Emulator.IsUsed) continue;
            Assert.Equal(kind == "parts" ? (Many * queries + 399) / 400 : 1, launched.Count(kernel => kernel.Contains("_bound_")));
            if (suffices) Assert.DoesNotContain(launched, kernel => kernel.StartsWith("search_rows_one_f32", StringComparison.Ordinal)
                || kernel.StartsWith("search_rows_several_f32", StringComparison.Ordinal));

            (float[] Scores, int[] Found) Search(bool bounds, out string[] kernels)
            {
                using var scope = TensorScope.Begin();
                Tensor all = Tensor.From(searched, [Many, Wide], device), query = Tensor.From(asked, [queries, Wide], device);
                var excluded = kind == "excluded"
                    ? Tensor.From([.. Enumerable.Range(0, 20).Select(word => 0x5555_5555_5555_5555L << word % 2)], [20], device) : null;
                var rounded = bounds ? Op.Cast(all, DType.BFloat16) : null;
                device.Synchronize();
                if (Emulator.IsUsed) CountedLaunch.Begin();
                var (scores, found) = Op.SearchRows(all, query, Best, excluded, rounded);
                var result = (scores.ToArray<float>(), found.ToArray<int>());
                kernels = Emulator.IsUsed ? [.. CountedLaunch.End().Select(launch => launch.Kernel)] : [];
                return result;
            }
        }
    }
}
