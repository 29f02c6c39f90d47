namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>Patience and limits of a download.</summary>
public sealed record DownloadOptions
{
    /// <summary>Attempts in a row without progress after which the download gives up, at least 1. Default 6.</summary>
    public int Attempts { get; init; } = 6;

    /// <summary>Requests for one file after which the download gives up however they ended, at least 1. Default 200.</summary>
    public int Requests { get; init; } = 200;

    /// <summary>Wait after the first failure; doubled after each further one up to <see cref="LongestWait"/>. Default 1 s.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait between attempts; a server's Retry-After is followed up to it. Default 30 s.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Silence after which a connection counts as broken. Default 60 s.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Fewest bytes a second, over <see cref="RateWindow"/>; a slower connection counts as broken. Default 1024.</summary>
    public int LeastBytesPerSecond { get; init; } = 1024;

    /// <summary>Time over which the rate of a connection is taken. Default 60 s.</summary>
    public TimeSpan RateWindow { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Most bytes of a file whose size the catalogue does not know. Default 4 GiB.</summary>
    public long LargestUnknown { get; init; } = 4L << 30;

    /// <summary>Redirections of one request that are followed. Default 10.</summary>
    public int Redirections { get; init; } = 10;

    /// <summary>True to follow a redirection from https to http, on which anybody in between can change the file. Default false.</summary>
    public bool AllowHttp { get; init; }
}
