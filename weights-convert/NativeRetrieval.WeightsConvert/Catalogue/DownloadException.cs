using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>
/// A file could not be fetched: no network, not there, refused, or something else came in its place. What arrived before is kept for the
/// next attempt.
/// </summary>
public sealed class DownloadException(Uri url, string problem, Exception? inner = null)
    : NativeRetrievalException($"{url}: {problem}", inner)
{
    /// <summary>Address of the file.</summary>
    public Uri Url { get; } = url;
}
