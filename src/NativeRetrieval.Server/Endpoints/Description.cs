using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;
using NativeRetrieval.Server.Contract;

namespace NativeRetrieval.Server.Endpoints;

/// <summary>What the service's description (OpenAPI) says of an endpoint.</summary>
/// <param name="Summary">Purpose in a few words.</param>
internal sealed record Description(string Summary)
{
    const string Json = "application/json", ProblemJson = "application/problem+json";

    static readonly int[] _refusals = [StatusCodes.Status401Unauthorized, StatusCodes.Status404NotFound,
        StatusCodes.Status413PayloadTooLarge, StatusCodes.Status422UnprocessableEntity, StatusCodes.Status429TooManyRequests];

    /// <summary>The JSON document that a request has; null: none.</summary>
    public Type? Takes { get; init; }

    /// <summary>Media type of a request that is no JSON; null: it is JSON or has no body.</summary>
    public string? TakesBytes { get; init; }

    /// <summary>The JSON document of the answer; null: the answer is a file.</summary>
    public Type? Gives { get; init; }

    /// <summary>Media type of an answer that is a file.</summary>
    public string GivesBytes { get; init; } = "application/octet-stream";

    /// <summary>Parameters of the query string.</summary>
    public IReadOnlyList<string> Query { get; init; } = [];

    public void AddTo(IEndpointConventionBuilder endpoint, RequestDelegate handler)
    {
        endpoint.WithMetadata(handler.Method).WithSummary(Summary);
        if (Takes is not null) endpoint.WithMetadata(new AcceptsMetadata([Json], Takes));
        if (TakesBytes is not null) endpoint.WithMetadata(new AcceptsMetadata([TakesBytes], typeof(Stream)));
        endpoint.WithMetadata(Gives is not null ? new ProducesResponseTypeMetadata(StatusCodes.Status200OK, Gives, [Json])
            : new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(Stream), [GivesBytes]));
        foreach (int status in _refusals)
            endpoint.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(Problem), [ProblemJson]));
        endpoint.WithMetadata(this);
    }

    /// <summary>Adds the parameters, which handlers read by themselves, to an operation.</summary>
    /// <param name="path">Path of the endpoint, with its parameters in braces.</param>
    public void Complete(OpenApiOperation operation, string path)
    {
        operation.Parameters ??= [];
        if (path.Contains("{id}", StringComparison.Ordinal) && operation.Parameters.All(parameter => parameter.Name != "id"))
            operation.Parameters.Add(Parameter("id", ParameterLocation.Path));
        foreach (string name in Query) operation.Parameters.Add(Parameter(name, ParameterLocation.Query));
    }

    static OpenApiParameter Parameter(string name, ParameterLocation place) => new()
    {
        Name = name,
        In = place,
        Required = place == ParameterLocation.Path,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };
}

/// <summary>Endpoints with their descriptions.</summary>
internal static class DescribedRoutes
{
    public static void Get(this IEndpointRouteBuilder routes, string pattern, RequestDelegate handler, Description description) =>
        description.AddTo(routes.MapMethods(pattern, [HttpMethods.Get, HttpMethods.Head], handler), handler);

    public static void Post(this IEndpointRouteBuilder routes, string pattern, RequestDelegate handler, Description description) =>
        description.AddTo(routes.MapPost(pattern, handler), handler);
}
