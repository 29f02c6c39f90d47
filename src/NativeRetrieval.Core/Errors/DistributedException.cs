namespace NativeRetrieval.Core.Errors;

/// <summary>
/// A job of several ranks ended because one of them died, hangs, disagrees or gave up. Every rank gets the same message. The process exit
/// code is 6.
/// </summary>
/// <param name="message">The rank at fault, what happened and what to do.</param>
/// <param name="rank">The rank at fault; null where none is, e.g. because nobody can be reached.</param>
public sealed class DistributedException(string message, int? rank = null, Exception? inner = null)
    : NativeRetrievalException(message, inner)
{
    /// <summary>The rank at fault; null where none is known.</summary>
    public int? Rank { get; } = rank;
}
