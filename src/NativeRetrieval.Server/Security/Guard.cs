using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Server.Contract;
using NativeRetrieval.Server.Telemetry;

namespace NativeRetrieval.Server.Security;

/// <summary>Everything around an endpoint: headers, checks of who asks, problems in place of exceptions, and measurement.</summary>
internal static class Guard
{
    /// <summary>Puts endpoints behind the guard.</summary>
    /// <param name="access">Whoever may ask.</param>
    public static TBuilder Guarded<TBuilder>(this TBuilder builder, Access access = Access.Key) where TBuilder : IEndpointConventionBuilder
    {
        builder.Finally(endpoint =>
        {
            if (endpoint.RequestDelegate is not { } inner) return;
            string route = (endpoint as RouteEndpointBuilder)?.RoutePattern.RawText ?? "";
            endpoint.RequestDelegate = context => AnswerAsync(context, inner, route, access);
        });
        return builder;
    }

    static async Task AnswerAsync(HttpContext context, RequestDelegate inner, string route, Access access)
    {
        long start = Stopwatch.GetTimestamp();
        SecurityHeaders.Set(context.Response.Headers);
        try
        {
            RequestCheck.Require(context, context.RequestServices.GetRequiredService<ServerOptions>(), access);
            await inner(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for an answer; the status is for the metrics.
            if (!context.Response.HasStarted) context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, error).ConfigureAwait(false);
        }
        finally
        {
            ServiceMetrics.Requested(route, context.Response.StatusCode, Stopwatch.GetElapsedTime(start));
        }
    }

    static async Task WriteAsync(HttpContext context, Exception error)
    {
        var (status, detail) = error switch
        {
            Refusal refusal => (refusal.Status, refusal.Message),
            BadHttpRequestException bad => (bad.StatusCode, bad.Message),
            OptionException => (StatusCodes.Status422UnprocessableEntity, error.Message),
            AudioDecodeException or FileReadException => (StatusCodes.Status409Conflict, error.Message),
            NativeRetrievalException => (StatusCodes.Status503ServiceUnavailable, error.Message),
            _ => (StatusCodes.Status500InternalServerError, "internal error; the service's log has it"),
        };
        if (status >= StatusCodes.Status500InternalServerError)
            context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Guard))
                .LogError(error, "{Method} {Path} failed", context.Request.Method, context.Request.Path.Value);
        var response = context.Response;
        response.Clear();
        SecurityHeaders.Set(response.Headers);
        response.StatusCode = status;
        if (error is Refusal { RetryAfterSeconds: { } seconds }) response.Headers.RetryAfter = seconds.ToString(provider: null);
        if (status == StatusCodes.Status401Unauthorized) response.Headers.WWWAuthenticate = "Bearer";
        response.ContentType = "application/problem+json";
        var problem = new Problem(ReasonPhrase(status), status, PlainText.Of(detail));
        await response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(problem, ContractJson.Default.Problem), context.RequestAborted)
            .ConfigureAwait(false);
    }

    static string ReasonPhrase(int status) => Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status);
}

/// <summary>The askers that an endpoint answers.</summary>
internal enum Access
{
    /// <summary>Whoever has the key; without a key, this machine.</summary>
    Key,

    /// <summary>Everybody who reaches the service: the page, which asks for the key, and the health of the service.</summary>
    Open,
}
