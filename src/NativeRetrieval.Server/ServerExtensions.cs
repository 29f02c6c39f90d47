using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace NativeRetrieval.Server;

/// <summary>Language-based audio retrieval in an ASP.NET Core host.</summary>
public static class ServerExtensions
{
    /// <summary>Adds the indexes and the model that <see cref="MapNativeRetrieval"/> serves.</summary>
    public static IServiceCollection AddNativeRetrieval(this IServiceCollection services, ServerOptions options) =>
        services.AddSingleton(options);

    /// <summary>Maps the service's endpoints below a prefix.</summary>
    /// <param name="prefix">Path of the endpoints, such as <c>/v1</c>.</param>
    public static IEndpointConventionBuilder MapNativeRetrieval(this IEndpointRouteBuilder endpoints, string prefix = "/v1") =>
        endpoints.MapGroup(prefix);
}
