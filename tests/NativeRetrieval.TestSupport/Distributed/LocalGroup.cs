using System.Diagnostics;
using System.Runtime.InteropServices;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.TestSupport.Distributed;

/// <summary>
/// Ranks that are threads of one process. Tensors are read when a collective is called and written when it is waited for, so that a
/// missing Wait shows in the values; sums are in rank order.
/// </summary>
public sealed class LocalGroup : IProcessGroup
{
    readonly LocalBoard _board;
    long _next, _waitedTicks;

    LocalGroup(LocalBoard board, int rank) => (_board, Rank) = (board, rank);

    /// <summary>The groups of all ranks, one for each thread.</summary>
    /// <param name="limit">Time after which a rank that does not come is at fault.</param>
    public static IReadOnlyList<LocalGroup> Create(int worldSize, TimeSpan? limit = null)
    {
        var board = new LocalBoard(worldSize, limit ?? TimeSpan.FromMinutes(5));
        return [.. Enumerable.Range(0, worldSize).Select(rank => new LocalGroup(board, rank))];
    }

    /// <summary>Runs one body per rank on threads of their own and returns what they return, in rank order.</summary>
    /// <exception cref="AggregateException">Bodies threw: all exceptions, in rank order.</exception>
    public static T[] Run<T>(int worldSize, Func<LocalGroup, T> body)
    {
        var groups = Create(worldSize);
        var results = new T[worldSize];
        var errors = new Exception?[worldSize];
        Thread[] threads = [.. groups.Select(group => new Thread(() =>
        {
            try
            {
                results[group.Rank] = body(group);
            }
            catch (Exception error)
            {
                errors[group.Rank] = error;
                group.Abort(error.Message);
            }
            finally
            {
                group.Dispose();
            }
        }) { IsBackground = true })];
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        return errors.Any(error => error is not null) ? throw new AggregateException(errors.OfType<Exception>()) : results;
    }

    public int Rank { get; }

    public int WorldSize => _board.WorldSize;

    public TimeSpan Waited => TimeSpan.FromTicks(_waitedTicks);

    public ICollectiveWork AllReduce(Tensor tensor) => tensor.DType switch
    {
        DType.Float32 => Reduce<float>(tensor, (sums, part) => { for (int i = 0; i < sums.Length; i++) sums[i] += part[i]; }),
        DType.Float64 => Reduce<double>(tensor, Add),
        DType.Int64 => Reduce<long>(tensor, Add),
        _ => throw new ShapeException($"AllReduce: float32, float64 or int64, got {tensor.Describe()}"),
    };

    public ICollectiveWork AllGather(Tensor part, Tensor whole)
    {
        Shape expected = [WorldSize * part.Shape[0], .. part.Shape[1..].Sizes];
        if (whole.DType != part.DType || whole.Shape != expected)
            throw new ShapeException($"AllGather: {whole.Describe()} does not take {WorldSize} of {part.Describe()}");
        return Start($"AllGather {part.DType} {part.Shape}", Bytes(part), parts => Write(whole, [.. parts.SelectMany(bytes => bytes)]));
    }

    public ICollectiveWork Broadcast(Tensor tensor, int root) =>
        Start($"Broadcast {tensor.DType} {tensor.Shape} of rank {root}", Bytes(tensor), parts => Write(tensor, parts[root]));

    public void AllReduce(Span<double> values) => Reduce(values, Add);

    public void AllReduce(Span<long> values) => Reduce(values, Add);

    public void Barrier() => Start("Barrier", 0, _ => { }).Wait();

    public IReadOnlyList<byte[]> Exchange(ReadOnlySpan<byte> value)
    {
        byte[][] all = [];
        Start("Exchange", value.ToArray(), parts => all = [.. parts.Select(part => part.ToArray())]).Wait();
        return all;
    }

    public void Abort(string reason) => _board.Fail(new($"rank {Rank} gave up: {reason}", Rank));

    public void Dispose() => _board.Leave(Rank);

    static void Add(double[] sums, double[] part)
    {
        for (int i = 0; i < sums.Length; i++) sums[i] += part[i];
    }

    static void Add(long[] sums, long[] part)
    {
        for (int i = 0; i < sums.Length; i++) sums[i] += part[i];
    }

    ICollectiveWork Reduce<T>(Tensor tensor, Action<T[], T[]> add) where T : unmanaged =>
        Start($"AllReduce {tensor.DType} {tensor.Shape}", tensor.ToArray<T>(), parts => tensor.CopyFrom<T>(Sum(parts, add)));

    void Reduce<T>(Span<T> values, Action<T[], T[]> add)
    {
        T[] sums = [];
        Start($"AllReduce of {values.Length} {typeof(T).Name}", values.ToArray(), parts => sums = Sum(parts, add)).Wait();
        sums.CopyTo(values);
    }

    static T[] Sum<T>(IReadOnlyList<T[]> parts, Action<T[], T[]> add)
    {
        T[] sums = [.. parts[0]];
        foreach (var part in parts.Skip(1)) add(sums, part);
        return sums;
    }

    static byte[] Bytes(Tensor tensor) => tensor.DType switch
    {
        DType.Float32 => Raw(tensor.ToArray<float>()),
        DType.Float64 => Raw(tensor.ToArray<double>()),
        DType.Int64 => Raw(tensor.ToArray<long>()),
        DType.Int32 => Raw(tensor.ToArray<int>()),
        _ => throw new ShapeException($"float32, float64, int64 or int32, got {tensor.Describe()}"),
    };

    static void Write(Tensor tensor, byte[] bytes)
    {
        switch (tensor.DType)
        {
            case DType.Float32: tensor.CopyFrom<float>(MemoryMarshal.Cast<byte, float>(bytes)); break;
            case DType.Float64: tensor.CopyFrom<double>(MemoryMarshal.Cast<byte, double>(bytes)); break;
            case DType.Int64: tensor.CopyFrom<long>(MemoryMarshal.Cast<byte, long>(bytes)); break;
            default: tensor.CopyFrom<int>(MemoryMarshal.Cast<byte, int>(bytes)); break;
        }
    }

    static byte[] Raw<T>(T[] values) where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    ICollectiveWork Start<T>(string what, T part, Action<IReadOnlyList<T>> finish)
    {
        long number = _next++;
        _board.Post(Rank, number, what, part!);
        return new Work(() =>
        {
            long start = Stopwatch.GetTimestamp();
            object[] parts = _board.Collect(number);
            _waitedTicks += Stopwatch.GetElapsedTime(start).Ticks;
            finish([.. parts.Cast<T>()]);
        });
    }

    sealed class Work(Action finish) : ICollectiveWork
    {
        bool _done;

        public void Wait()
        {
            if (_done) return;
            finish();
            _done = true;
        }
    }
}
