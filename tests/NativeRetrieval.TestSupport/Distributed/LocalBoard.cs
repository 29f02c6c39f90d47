using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.TestSupport.Distributed;

/// <summary>The place where ranks that are threads lay down their parts of a collective and take up those of the others.</summary>
/// <param name="limit">Time after which a rank that does not come is at fault.</param>
internal sealed class LocalBoard(int worldSize, TimeSpan limit)
{
    readonly Dictionary<long, Round> _rounds = [];
    readonly bool[] _left = new bool[worldSize];
    DistributedException? _failure;

    sealed class Round
    {
        public required string What { get; init; }

        public required object?[] Parts { get; init; }

        public int Missing => Parts.Count(part => part is null);

        public int Taken { get; set; }
    }

    public int WorldSize => worldSize;

    /// <summary>Lays down a rank's part of the collective of this number.</summary>
    public void Post(int rank, long number, string what, object part)
    {
        lock (_rounds)
        {
            ThrowIfFailed();
            if (!_rounds.TryGetValue(number, out var round))
                _rounds.Add(number, round = new() { What = what, Parts = new object?[worldSize] });
            if (round.What != what) Fail(new($"rank {rank} disagrees: {what}, while others call {round.What}", rank));
            ThrowIfFailed();
            round.Parts[rank] = part;
            Monitor.PulseAll(_rounds);
        }
    }

    /// <summary>The parts of all ranks, once they are there.</summary>
    public object[] Collect(long number)
    {
        lock (_rounds)
        {
            var round = _rounds[number];
            while (round.Missing > 0)
            {
                ThrowIfFailed();
                int gone = Array.FindIndex(round.Parts, part => part is null);
                if (_left[gone]) Fail(new($"rank {gone} left before {round.What}", gone));
                else if (!Monitor.Wait(_rounds, limit)) Fail(new($"rank {gone} did not come to {round.What} within {limit}", gone));
            }
            if (++round.Taken == worldSize) _rounds.Remove(number);
            return [.. round.Parts.Select(part => part!)];
        }
    }

    public void Fail(DistributedException failure)
    {
        lock (_rounds)
        {
            _failure ??= failure;
            Monitor.PulseAll(_rounds);
        }
    }

    public void Leave(int rank)
    {
        lock (_rounds)
        {
            _left[rank] = true;
            Monitor.PulseAll(_rounds);
        }
    }

    void ThrowIfFailed()
    {
        if (_failure is { } failure) throw new DistributedException(failure.Message, failure.Rank);
    }
}
