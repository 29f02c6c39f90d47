using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;

namespace NativeRetrieval.CudaEmulator.Tests.Ops;

/// <summary>Rows that are searched in parts are found as those that are searched at once.</summary>
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
}
