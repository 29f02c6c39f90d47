using System.Text;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Training.Loop;

/// <summary>
/// The ranks that train one model together, or the one that does so alone. All take the same steps over the same weights, each with its
/// part of every batch; the first one alone opens the run's folder, writes and reports.
/// </summary>
internal sealed class Ranks
{
    /// <param name="group">Null, or a group of one: the run has one rank.</param>
    public Ranks(IProcessGroup? group) => Group = group is { WorldSize: > 1 } ? group : null;

    /// <summary>A run of one rank.</summary>
    public static Ranks Alone { get; } = new(null);

    /// <summary>Null: the run has one rank.</summary>
    public IProcessGroup? Group { get; }

    public int Rank => Group?.Rank ?? 0;

    public int Count => Group?.WorldSize ?? 1;

    public bool IsFirst => Rank == 0;

    /// <summary>Time that this rank has spent in waiting for others.</summary>
    public TimeSpan Waited => Group?.Waited ?? TimeSpan.Zero;

    /// <summary>The part of a number of things that a rank has: as many as the others, or one more.</summary>
    public (int Start, int Count) Part(int things, int rank)
    {
        int start = (int)((long)things * rank / Count);
        return (start, (int)((long)things * (rank + 1) / Count) - start);
    }

    /// <summary>Does what the first rank alone does, while the others wait.</summary>
    /// <returns>The result; null on the others.</returns>
    public T? First<T>(Func<T> work) where T : class
    {
        var result = IsFirst ? work() : null;
        Group?.Barrier();
        return result;
    }

    /// <inheritdoc cref="First{T}"/>
    public void First(Action work)
    {
        if (IsFirst) work();
        Group?.Barrier();
    }

    /// <summary>A text of the first rank, on all of them.</summary>
    public string FromFirst(Func<string> say) => IsFirst ? Exchange(say())[0] : Exchange("")[0];

    /// <summary>The texts of all ranks, in their order.</summary>
    public IReadOnlyList<string> Exchange(string own) =>
        Group is null ? [own] : [.. Group.Exchange(Encoding.UTF8.GetBytes(own)).Select(Encoding.UTF8.GetString)];

    /// <summary>Gives all ranks the values that the first one has.</summary>
    public void TakeFromFirst(IEnumerable<Tensor> tensors)
    {
        if (Group is null) return;
        foreach (var tensor in tensors) Group.Broadcast(tensor, root: 0).Wait();
    }
}
