using System.Text.Json;
using System.Text.Json.Serialization;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Core.Distributed;

/// <summary>Beginning and end of a job that several ranks do together. A rank that is alone exchanges nothing.</summary>
public static class RankJob
{
    /// <summary>
    /// Does a rank's part of a job. What goes wrong here is made known to the others, whose next call then names this rank and the reason;
    /// and nobody leaves before all are done.
    /// </summary>
    /// <typeparam name="T">Type of the result.</typeparam>
    /// <param name="group">The ranks; null: this one alone.</param>
    /// <exception cref="DistributedException">Another rank failed.</exception>
    public static T Do<T>(IProcessGroup? group, Func<T> job)
    {
        if (group is null or { WorldSize: 1 }) return job();
        try
        {
            var result = job();
            group.Barrier();
            return result;
        }
        catch (DistributedException)
        {
            throw;
        }
        catch (RanksStoppedException)
        {
            group.Barrier();
            throw;
        }
        catch (Exception error)
        {
            group.Abort(error is OperationCanceledException ? "it was interrupted" : error.Message);
            throw;
        }
    }

    /// <summary>Stops all ranks at the same place where one of them is cancelled.</summary>
    /// <param name="group">The ranks, all of which call this; null: this one alone.</param>
    /// <exception cref="OperationCanceledException">This rank is cancelled, or another: <see cref="RanksStoppedException"/>.</exception>
    public static void ThrowIfAnyIsCancelled(IProcessGroup? group, CancellationToken cancellation)
    {
        if (group is null or { WorldSize: 1 })
        {
            cancellation.ThrowIfCancellationRequested();
            return;
        }
        // What is cancelled after it was asked for is told the next time: a rank that stops alone ends the others.
        Span<long> cancelled = [cancellation.IsCancellationRequested ? 1 : 0];
        group.AllReduce(cancelled);
        if (cancelled[0] > 0) throw new RanksStoppedException(cancellation);
    }

    /// <summary>Compares what ranks have to have in common. All see the same first difference.</summary>
    /// <param name="group">The ranks; null: this one alone.</param>
    /// <param name="facts">Names and values; a SHA-256 in hexadecimal digits is told in short.</param>
    /// <exception cref="DistributedException">Ranks differ; the message names one, and what it has.</exception>
    public static void RequireAgreement(IProcessGroup? group, IReadOnlyDictionary<string, string> facts)
    {
        if (group is null or { WorldSize: 1 }) return;
        var type = FactsJson.Default.DictionaryStringString;
        Dictionary<string, string>[] all = [.. group.Exchange(JsonSerializer.SerializeToUtf8Bytes(new(facts), type))
            .Select(bytes => JsonSerializer.Deserialize(bytes, type)!)];
        for (int rank = 1; rank < all.Length; rank++)
            foreach (string name in all[0].Keys.Union(all[rank].Keys))
            {
                string first = all[0].GetValueOrDefault(name, "absent"), other = all[rank].GetValueOrDefault(name, "absent");
                if (first != other)
                    throw new DistributedException($"rank {rank} disagrees with rank 0: {name} is {Short(other)} there and {Short(first)} "
                        + "on rank 0; start all ranks with the same program, command and data", rank);
            }

        static string Short(string value) => value.Length == 64 && value.All(char.IsAsciiHexDigit) ? value[..12] + "…" : value;
    }
}

[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class FactsJson : JsonSerializerContext;

/// <summary>One rank was cancelled, and all stopped at the same place of the job.</summary>
public sealed class RanksStoppedException(CancellationToken cancellation)
    : OperationCanceledException("a rank was interrupted, and all have stopped", cancellation);
