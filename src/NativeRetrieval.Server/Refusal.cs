using Microsoft.AspNetCore.Http;

namespace NativeRetrieval.Server;

/// <summary>A request that is answered by a problem instead of a result.</summary>
/// <param name="status">HTTP status, 4xx or 5xx.</param>
/// <param name="detail">Sentence for whoever made the request: what is wrong, what was expected, what to do.</param>
internal sealed class Refusal(int status, string detail) : Exception(detail)
{
    public int Status => status;

    /// <summary>Seconds after which the same request may be made again; null: it says nothing.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>The request is well-formed and asks for what cannot be: 422.</summary>
    public static Refusal Unprocessable(string detail) => new(StatusCodes.Status422UnprocessableEntity, detail);

    /// <summary>There is nothing of this name: 404.</summary>
    public static Refusal NotFound(string detail) => new(StatusCodes.Status404NotFound, detail);

    /// <summary>The request is larger than the service takes: 413.</summary>
    public static Refusal TooLarge(string detail) => new(StatusCodes.Status413PayloadTooLarge, detail);

    /// <summary>More requests wait than the service holds: 429.</summary>
    public static Refusal Busy() =>
        new(StatusCodes.Status429TooManyRequests, "more requests are waiting than this service holds; try again later")
        {
            RetryAfterSeconds = 1,
        };
}
