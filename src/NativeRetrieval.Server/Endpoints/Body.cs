using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using NativeRetrieval.Server.Uploads;

namespace NativeRetrieval.Server.Endpoints;

/// <summary>Bodies of requests and answers.</summary>
internal static class Body
{
    /// <summary>The bytes of a request.</summary>
    /// <exception cref="Refusal">There are more than the limit.</exception>
    public static async Task<byte[]> ReadAsync(HttpContext context, int most)
    {
        if (context.Request.ContentLength > most)
            throw Refusal.TooLarge(FormattableString.Invariant(
                $"the request has {context.Request.ContentLength:N0} bytes; it may have {most:N0}"));
        // The server's own limit gives way to this one, which has a message.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server) server.MaxRequestBodySize = null;
        return await BoundedBody.ReadAsync(context.Request.Body, most, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>The JSON document of a request.</summary>
    /// <exception cref="Refusal">It is too large, no JSON, or another document than the endpoint takes.</exception>
    public static async Task<T> ReadJsonAsync<T>(HttpContext context, JsonTypeInfo<T> type, int most)
    {
        string media = context.Request.ContentType ?? "";
        if (!media.StartsWith("application/json", StringComparison.OrdinalIgnoreCase))
            throw new Refusal(StatusCodes.Status415UnsupportedMediaType, $"the request is of type '{media}'; expected application/json");
        byte[] bytes = await ReadAsync(context, most).ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize(bytes, type) ?? throw Refusal.Unprocessable("the request is null; expected an object");
        }
        catch (JsonException error)
        {
            throw Refusal.Unprocessable($"the request is not the JSON that is expected: {error.Message}");
        }
    }

    /// <summary>Answers with a JSON document.</summary>
    public static Task WriteJsonAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type) =>
        context.Response.WriteAsJsonAsync(value, type, contentType: "application/json; charset=utf-8", context.RequestAborted);
}
