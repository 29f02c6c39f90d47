using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Server.Endpoints;
using NativeRetrieval.Server.Jobs;
using NativeRetrieval.Server.Library;
using NativeRetrieval.Server.Queue;
using NativeRetrieval.Server.Security;
using NativeRetrieval.Server.Sounds;
using NativeRetrieval.Server.Telemetry;
using NativeRetrieval.Server.Uploads;

namespace NativeRetrieval.Server;

/// <summary>Language-based audio retrieval in an ASP.NET Core host.</summary>
public static class ServerExtensions
{
    /// <summary>Adds the indexes and the model that <see cref="MapNativeRetrieval"/> serves. They are opened when they are first needed,
    /// at the latest when the host starts.</summary>
    /// <exception cref="OptionException">An option is out of its range.</exception>
    public static IServiceCollection AddNativeRetrieval(this IServiceCollection services, ServerOptions options)
    {
        options.Validate();
        services.AddSingleton(options).AddSingleton(provider => new ServedLibrary(options, provider.GetService<RetrievalEngine>()))
            .AddSingleton<WorkQueue>().AddSingleton<UploadDecoder>()
            .AddSingleton<SoundDesk>().AddSingleton<MetricsText>().AddSingleton<Questions>().AddSingleton<SearchEndpoints>()
            .AddSingleton<FileEndpoints>().AddSingleton<AudioEndpoints>().AddSingleton<ExportEndpoints>().AddSingleton<EmbeddingEndpoints>()
            .AddSingleton<IndexingDesk>().AddSingleton<IndexingEndpoints>().AddSingleton<OperationsEndpoints>();
        return services.AddHostedService(provider => provider.GetRequiredService<WorkQueue>())
            .AddHostedService(provider => provider.GetRequiredService<IndexingDesk>());
    }

    /// <summary>
    /// Maps the service's endpoints below a prefix. Each checks who asks and sets its own security headers: the host needs nothing around
    /// them.
    /// </summary>
    /// <param name="prefix">Path of the endpoints, such as <c>/v1</c>.</param>
    /// <exception cref="NativeRetrievalException">The model or an index cannot be opened.</exception>
    public static IEndpointConventionBuilder MapNativeRetrieval(this IEndpointRouteBuilder endpoints, string prefix = "/v1")
    {
        var services = endpoints.ServiceProvider;
        var group = endpoints.MapGroup(prefix).Guarded();
        services.GetRequiredService<SearchEndpoints>().Map(group);
        services.GetRequiredService<FileEndpoints>().Map(group);
        services.GetRequiredService<AudioEndpoints>().Map(group);
        services.GetRequiredService<ExportEndpoints>().Map(group);
        services.GetRequiredService<EmbeddingEndpoints>().Map(group);
        services.GetRequiredService<IndexingEndpoints>().Map(group);
        group.Map("{**rest}", Nothing);
        return group;
    }

    /// <summary>Maps <c>/health</c>, which everybody may ask, and <c>/metrics</c>, in Prometheus's text format.</summary>
    public static void MapNativeRetrievalOperations(this IEndpointRouteBuilder endpoints) =>
        endpoints.ServiceProvider.GetRequiredService<OperationsEndpoints>().Map(endpoints);

    internal static Task Nothing(HttpContext context) => throw Refusal.NotFound("there is nothing at this address");
}
