using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NativeRetrieval.Server.Contract;
using NativeRetrieval.Server.Library;
using NativeRetrieval.Server.Security;
using NativeRetrieval.Server.Telemetry;

namespace NativeRetrieval.Server.Endpoints;

/// <summary>Health and measurements, for those who run the service.</summary>
internal sealed class OperationsEndpoints(ServedLibrary library, MetricsText metrics)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", HealthAsync).Guarded(Access.Open);
        routes.MapGet("/metrics", MetricsAsync).Guarded();
    }

    /// <summary>Answers once every index could be read.</summary>
    Task HealthAsync(HttpContext context)
    {
        foreach (var index in library.Indexes) _ = index.Use(opened => opened.Index.Commits);
        string version = typeof(OperationsEndpoints).Assembly.GetName().Version!.ToString(3);
        return Body.WriteJsonAsync(context, new HealthResponse("ok", library.Indexes.Count, version), ContractJson.Default.HealthResponse);
    }

    Task MetricsAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return metrics.WriteAsync(context.Response.Body, context.RequestAborted);
    }
}
