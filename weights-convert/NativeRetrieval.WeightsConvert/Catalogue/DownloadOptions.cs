namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>How patient a download is.</summary>
public sealed record DownloadOptions
{
    /// <summary>Attempts in a row that bring nothing before it gives up. Default 6; from 1.</summary>
    public int Attempts { get; init; } = 6;

    /// <summary>Wait after the first failure; doubled after each further one up to <see cref="LongestWait"/>. Default 1 s.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Default 30 s; a server's Retry-After is followed up to this long.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A connection that brings nothing for so long counts as broken. Default 60 s.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(60);
}
