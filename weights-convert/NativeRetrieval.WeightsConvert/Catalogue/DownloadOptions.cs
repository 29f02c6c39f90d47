namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>Patience of a download: attempts and waits.</summary>
public sealed record DownloadOptions
{
    /// <summary>Attempts in a row without any bytes after which the download gives up, at least 1. Default 6.</summary>
    public int Attempts { get; init; } = 6;

    /// <summary>Wait after the first failure; doubled after each further one up to <see cref="LongestWait"/>. Default 1 s.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait between attempts; a server's Retry-After is followed up to it. Default 30 s.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Silence after which a connection counts as broken. Default 60 s.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(60);
}
